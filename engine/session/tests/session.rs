//! A session as the page drives it: requests in, replies out, and a page's model kept from nothing but the replies.

use session::Session;
use wire::command::{ClusterSpec, Question};
use wire::reply::{Answer, MessageView, SeriesView};
use wire::{Command, Delta, Entity, EventView, Fault, Key, Reply, Request, View};

/// What a page knows: built from replies only.
struct Page {
    session: Session,
    seq: u32,
    view: View,
    events: Vec<EventView>,
    last: Option<Reply>,
}

impl Page {
    fn new() -> Page {
        Page { session: Session::new(), seq: 0, view: View::new(), events: Vec::new(), last: None }
    }

    fn booted() -> Page {
        let mut page = Page::new();
        let spec = ClusterSpec { version: "4.3".into(), brokers: 3, controllers: 1, config: Vec::new() };
        page.done(Command::Boot { spec, seed: 11 });
        page
    }

    /// Asks once.
    fn ask(&mut self, command: Command) -> Reply {
        self.seq += 1;
        let reply = self.session.handle(Request { seq: self.seq, command });
        assert_eq!(reply.seq, self.seq);
        if reply.reset {
            self.view.clear();
        }
        for delta in reply.deltas.clone() {
            match delta {
                Delta::Put(key, entity) => drop(self.view.insert(key, entity)),
                Delta::Remove(key) => assert!(self.view.remove(&key).is_some(), "{key:?} was not there"),
            }
        }
        self.events.truncate(reply.events_from as usize);
        self.events.extend(reply.events.clone());
        for (ordinal, event) in self.events.iter().enumerate() {
            assert_eq!(event.ordinal as usize, ordinal);
        }
        assert!(self.events.is_sorted_by_key(|event| event.index), "events are in order");
        self.last = Some(reply.clone());
        reply
    }

    /// Asks until it is done.
    fn done(&mut self, command: Command) -> Reply {
        let is_run = command.is_run();
        let mut reply = self.ask(command.clone());
        while reply.more {
            reply = self.ask(if is_run { command.clone() } else { Command::Continue });
        }
        assert_eq!(reply.problem, None, "{command:?}");
        reply
    }

    fn type_line(&mut self, line: &str) {
        self.done(Command::Type { terminal: "t1".into(), line: line.into() });
        self.done(Command::RunUntilIdle { terminal: "t1".into() });
    }

    fn orders(&mut self) {
        self.type_line(
            "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic orders --partitions 1 --replication-factor 3",
        );
        self.type_line(
            "printf 'a\\nb\\n' | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders",
        );
        self.done(Command::Run { us: 2_000_000, events_max: u32::MAX });
    }

    /// What the page would show if it had been told everything at once.
    fn whole(&mut self) -> View {
        let Answer::Link { fragment, .. } = self.ask(Command::Export).answer else { panic!("no link") };
        let mut other = Page::new();
        other.done(Command::Import { fragment, preview: false });
        let (here, there) = (self.last.as_ref().unwrap(), other.last.as_ref().unwrap());
        assert_eq!((here.index, here.now_us, here.end_index), (there.index, there.now_us, there.end_index));
        assert_eq!(self.events, other.events, "a session that was opened from its link has the same history");
        other.view
    }

    fn digest(&mut self) -> u64 {
        self.ask(Command::Digest).digest
    }

    fn leader(&self) -> Option<i32> {
        match self.view.get(&Key::Partition("orders".into(), 0)) {
            Some(Entity::Partition(partition)) => partition.leader,
            _ => None,
        }
    }
}

fn without_flights_and_lamps(view: &View) -> View {
    let kept = view.iter().filter(|(key, _)| !matches!(key, Key::Lamp(_)));
    kept.map(|(key, entity)| (key.clone(), entity.clone())).collect()
}

#[test]
fn changes_add_up_to_the_whole_view_and_a_link_brings_it_back() {
    let mut page = Page::booted();
    page.orders();
    let whole = page.whole();
    assert_eq!(without_flights_and_lamps(&page.view), without_flights_and_lamps(&whole));
    assert!(page.leader().is_some());
}

#[test]
fn a_killed_leader_is_replaced_and_taking_it_back_gives_the_same_world() {
    let mut page = Page::booted();
    page.orders();
    let (before, digest) = (page.view.clone(), page.digest());
    let leader = page.leader().unwrap();
    page.done(Command::Fault(Fault::Kill(format!("b{leader}"))));
    page.done(Command::Run { us: 15_000_000, events_max: u32::MAX });
    assert_ne!(page.leader(), Some(leader));
    let elected = page.events.iter().rev().find(|event| event.kind == "LeaderElected").unwrap();
    assert!(elected.sentence.contains("is elected for orders-0"), "{}", elected.sentence);
    assert!(page.events.iter().any(|event| event.kind == "Killed" && event.beat));
    // Back to before the kill: the same world, with the recorded future still ahead.
    let events = page.events.len();
    let reply = page.done(Command::Undo);
    assert!(reply.index < reply.end_index);
    assert_eq!(page.events.len(), events, "the future stays recorded");
    assert_eq!(page.digest(), digest);
    assert_eq!(without_flights_and_lamps(&page.view), without_flights_and_lamps(&before));
    let reply = page.done(Command::Redo);
    assert_eq!(page.events.iter().find(|event| event.kind == "Killed").unwrap().index, reply.index);
}

#[test]
fn stepping_goes_from_event_to_event_and_back_over_the_same_places() {
    let mut page = Page::booted();
    page.orders();
    let mut places = vec![page.last.as_ref().unwrap().index];
    for _ in 0..12 {
        places.push(page.done(Command::StepEvent { forward: false }).index);
    }
    for place in places.iter().rev().skip(1).take(11) {
        assert_eq!(page.done(Command::StepEvent { forward: true }).index, *place);
    }
    let beat = page.done(Command::StepBeat { forward: false }).index;
    assert!(page.events.iter().any(|event| event.beat && event.index == beat));
    let at_end = page.done(Command::Seek { index: u64::MAX });
    assert_eq!(at_end.index, at_end.end_index);
    // Behind the end a step makes new history: what the kill leads to.
    page.done(Command::Fault(Fault::Kill("b1".into())));
    let stepped = page.done(Command::StepBeat { forward: true });
    assert!(page.events.iter().any(|event| event.kind == "BrokerFenced" && event.index == stepped.index));
}

#[test]
fn from_an_act_at_the_very_end_a_step_goes_back_to_the_event_before_it() {
    let mut page = Page::booted();
    page.done(Command::Type { terminal: "t1".into(), line: "echo tea".into() });
    let typed = page.done(Command::StepBeat { forward: false }).index;
    page.done(Command::Seek { index: u64::MAX });
    page.done(Command::Undo);
    page.done(Command::Redo);
    page.done(Command::StepEvent { forward: true });
    let before = page.last.as_ref().unwrap().index;
    page.done(Command::Fork { name: "here".into() });
    let killed = page.done(Command::Fault(Fault::Kill("b3".into()))).index;
    assert!(typed <= before && before < killed);
    assert_eq!(page.done(Command::StepEvent { forward: false }).index, before);
    assert_eq!(page.done(Command::StepEvent { forward: true }).index, killed);
}

#[test]
fn an_act_in_the_past_starts_a_branch_and_the_other_keeps_its_future() {
    let mut page = Page::booted();
    page.orders();
    page.done(Command::Fault(Fault::Kill("b1".into())));
    page.done(Command::Run { us: 12_000_000, events_max: u32::MAX });
    let (main, digest) = (page.events.clone(), page.digest());
    page.done(Command::Undo);
    page.done(Command::Fault(Fault::Kill("b2".into())));
    let reply = page.done(Command::Run { us: 12_000_000, events_max: u32::MAX });
    let names: Vec<_> = reply.branches.iter().map(|branch| (branch.name.as_str(), branch.current)).collect();
    assert_eq!(names, [("main", false), ("branch 2", true)]);
    assert!(page.events.iter().all(|event| event.kind != "Killed" || event.actor == "b2"));
    let whole = page.whole();
    assert_eq!(without_flights_and_lamps(&page.view), without_flights_and_lamps(&whole));
    page.done(Command::SwitchBranch { name: "main".into() });
    page.done(Command::Seek { index: u64::MAX });
    assert_eq!(page.digest(), digest);
    assert_eq!(page.events, main);
}

#[test]
fn why_names_what_holds_and_what_led_to_it() {
    let mut page = Page::booted();
    page.orders();
    let leader = page.leader().unwrap();
    page.done(Command::Fault(Fault::Kill(format!("b{leader}"))));
    page.done(Command::Run { us: 15_000_000, events_max: u32::MAX });
    let mut why = |question| match page.ask(Command::Why(question)).answer {
        Answer::Why { causes, .. } => causes.into_iter().map(|cause| cause.text).collect::<Vec<_>>().join(" / "),
        other => panic!("{other:?}"),
    };
    let topic = || "orders".to_string();
    let text = why(Question::Leader { topic: topic(), partition: 0 });
    assert!(text.contains("is elected for orders-0"), "{text}");
    assert!(text.contains(&format!("You: kill b{leader}.")), "{text}");
    let text = why(Question::Isr { topic: topic(), partition: 0 });
    assert!(text.contains(&format!("Broker {leader} is out of the ISR: it is down.")), "{text}");
    let text = why(Question::HighWatermark { topic: topic(), partition: 0 });
    assert!(text.contains("Every replica of the ISR has all records below 2."), "{text}");
    let text = why(Question::LogEndOffset { topic: topic(), partition: 0, broker: leader });
    assert!(text.contains("its disk keeps what it had"), "{text}");
}

#[test]
fn a_message_under_way_is_read_field_by_field() {
    let mut page = Page::booted();
    page.orders();
    let line = "printf 'k:seven\\n' | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders \
                --property parse.key=true --property key.separator=:";
    page.done(Command::Type { terminal: "t1".into(), line: line.into() });
    let mut seen: Vec<MessageView> = vec![];
    for _ in 0..4_000 {
        page.ask(Command::Run { us: 1_000_000, events_max: 1 });
        let loud = |entity: &Entity| match entity {
            Entity::Flight(flight)
                if ["Produce", "Fetch"].contains(&flight.api.as_str()) && !flight.keys.is_empty() =>
            {
                Some(flight.id)
            }
            Entity::Flight(flight) if flight.api == "Produce" && flight.response => Some(flight.id),
            _ => None,
        };
        let ids: Vec<u64> = page.view.values().filter_map(loud).collect();
        for id in ids {
            seen.push(read(&mut page, id));
        }
    }
    let has = |name: &str, field: &str, value: &str| {
        let message = seen.iter().find(|message| message.name == name).expect(name);
        assert!(message.fields.contains(&(field.into(), value.into())), "{name} {field}: {message:?}");
        assert_eq!(message.left_out, 0);
    };
    has("Produce request", "acks", "-1");
    has("Produce request", "record", "k = seven");
    has("Produce response", "errorCode", "0 NONE");
    has("Produce response", "baseOffset", "2");
    has("Fetch response", "record", "k = seven");
    assert_eq!(read(&mut page, u64::MAX), MessageView::default());
}

fn read(page: &mut Page, id: u64) -> MessageView {
    let Answer::Message(message) = page.ask(Command::ReadFlight { id }).answer else { panic!("no message") };
    message
}

/// Of a long message the first records are shown, and of the others it is said how many there are.
#[test]
fn a_long_message_says_what_it_leaves_out() {
    let mut page = Page::booted();
    page.orders();
    let line = "seq 1 20 | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders";
    page.done(Command::Type { terminal: "t1".into(), line: line.into() });
    for _ in 0..4_000 {
        page.ask(Command::Run { us: 1_000_000, events_max: 1 });
        let long = |entity: &Entity| match entity {
            Entity::Flight(flight) if flight.api == "Produce" && !flight.response => Some(flight.id),
            _ => None,
        };
        if let Some(id) = page.view.values().find_map(long) {
            let message = read(&mut page, id);
            let records = message.fields.iter().filter(|(name, _)| name == "record").count();
            if records + message.left_out as usize == 20 {
                assert_eq!(records, 8);
                return;
            }
        }
    }
    panic!("no request with twenty records was seen");
}

fn series(page: &mut Page) -> Vec<SeriesView> {
    let Answer::Metrics(series) = page.ask(Command::ReadMetrics).answer else { panic!("no metrics") };
    series
}

/// What a metric of one process was at a time.
fn was(series: &[SeriesView], bean: &str, who: &str, us: u64) -> Option<u64> {
    let line = series.iter().find(|line| line.bean == bean && line.who == who)?;
    line.points.iter().take_while(|point| point.0 <= us).last()?.1
}

/// A chart shows what the metrics were; going back does not change it, a branch has what it shares, a link brings it back.
#[test]
fn metrics_are_noted_once_for_each_branch() {
    let mut page = Page::booted();
    page.orders();
    let fork = page.ask(Command::Digest);
    let leader = page.leader().unwrap();
    let host = format!("b{leader}");
    page.done(Command::Fault(Fault::Kill(host)));
    page.done(Command::Run { us: 15_000_000, events_max: u32::MAX });
    let (all, end) = (series(&mut page), page.last.as_ref().unwrap().now_us);
    let id = leader.to_string();
    let written = was(&all, "BytesInPerSec", &id, fork.now_us).expect("a leader reports what was written");
    assert!(written > 60, "two records are more than {written} bytes");
    assert_eq!(was(&all, "BytesInPerSec", &id, end), None, "a dead broker reports nothing");
    assert_eq!(was(&all, "FencedBrokerCount", "", end), Some(1));
    let other = page.leader().unwrap().to_string();
    assert_eq!(was(&all, "UnderReplicatedPartitions", &other, end), Some(1));

    page.done(Command::Seek { index: fork.index });
    assert_eq!(series(&mut page), all, "looking back changes nothing");
    page.done(Command::Fork { name: "calm".into() });
    page.done(Command::Run { us: 15_000_000, events_max: u32::MAX });
    let calm = series(&mut page);
    assert_eq!(was(&calm, "BytesInPerSec", &id, end), Some(written));
    assert_eq!(was(&calm, "FencedBrokerCount", "", end), Some(0));
    page.done(Command::SwitchBranch { name: "main".into() });
    assert_eq!(series(&mut page), all, "each branch has its own");

    let Answer::Link { fragment, .. } = page.ask(Command::Export).answer else { panic!("no link") };
    let mut again = Page::new();
    again.done(Command::Import { fragment, preview: false });
    let played = series(&mut again);
    for us in (0..end).step_by(1_000_000) {
        for line in &all {
            let (a, b) = (was(&all, &line.bean, &line.who, us), was(&played, &line.bean, &line.who, us));
            assert_eq!(a, b, "{} of {} at {us}", line.bean, line.who);
        }
    }
}

#[test]
fn kafkas_own_topics_do_not_fill_the_history() {
    let mut page = Page::booted();
    page.orders();
    page.type_line(
        "kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic orders --group billing --from-beginning",
    );
    assert!(page.view.contains_key(&Key::Topic("__consumer_offsets".into())), "the group's topic was made");
    let own = page.events.iter().filter(|event| event.partition.as_deref().is_some_and(|name| name.starts_with("__")));
    assert_eq!(own.count(), 0);
    assert!(page.events.iter().any(|event| event.kind == "RecordsConsumed"));
}

#[test]
fn completion_knows_programs_flags_topics_and_files() {
    let mut page = Page::booted();
    page.orders();
    let mut complete = |line: &str| {
        let command = Command::Complete { terminal: "t1".into(), line: line.into(), cursor: line.len() as u32 };
        match page.ask(command).answer {
            Answer::Completions { from, items } => (from, items.into_iter().map(|item| item.text).collect::<Vec<_>>()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(complete("kafka-top"), (0, vec!["kafka-topics.sh".to_string()]));
    assert!(complete("kafka-topics.sh --bootstrap-server localhost:9092 --cr").1.contains(&"--create".to_string()));
    assert_eq!(complete("kafka-topics.sh --describe --topic or").1, ["orders"]);
    assert!(complete("kafka-topics.sh --bootstrap-server b2").1.contains(&"b2:9092".to_string()));
    assert!(complete("cat b1/kafka-logs/ord").1.contains(&"b1/kafka-logs/orders-0/".to_string()));
    assert!(complete("ls | gr").1.contains(&"grep".to_string()));
}

#[test]
fn what_cannot_be_done_is_said_and_changes_nothing() {
    let mut page = Page::new();
    let reply = page.ask(Command::Undo);
    assert_eq!(reply.problem.unwrap().title, "No cluster is running");
    let mut page = Page::booted();
    let before = page.digest();
    let spec = ClusterSpec { version: "9.9".into(), brokers: 3, controllers: 1, config: Vec::new() };
    let refused = [
        Command::Boot { spec, seed: 1 },
        Command::Fault(Fault::Kill("b9".into())),
        Command::Type { terminal: "t99".into(), line: "ls".into() },
        Command::SwitchBranch { name: "no such".into() },
        Command::Import { fragment: "!!".into(), preview: false },
        Command::LoadLesson { name: "x.md".into(), text: "no front matter".into(), seed: None },
        Command::ReadFile { path: "b1/../../etc/passwd".into() },
        Command::Check,
        Command::Redo,
    ];
    for command in refused {
        let reply = page.ask(command.clone());
        let problem = reply.problem.unwrap_or_else(|| panic!("{command:?} was not refused"));
        assert!(!problem.title.is_empty() && !problem.details.is_empty(), "{command:?}");
        assert_eq!(page.digest(), before, "{command:?}");
    }
}

#[test]
fn a_server_whose_property_file_does_not_hold_together_is_not_started() {
    let mut page = Page::booted();
    let set = |value: &str| {
        let (target, key) = ("b3".to_string(), "num.io.threads".to_string());
        Command::Fault(Fault::Config { target, key, value: value.into() })
    };
    page.done(Command::Fault(Fault::Kill("b3".into())));
    page.done(set("0"));
    let problem = page.ask(Command::Fault(Fault::Start("b3".into()))).problem.expect("the start is refused");
    assert!(format!("{problem:?}").contains("Invalid value 0 for configuration num.io.threads"), "{problem:?}");
    page.done(set("8"));
    page.done(Command::Fault(Fault::Start("b3".into())));
}

#[test]
fn the_microscope_reads_a_batch_field_by_field_also_on_a_dead_broker() {
    let mut page = Page::booted();
    for line in [
        "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic orders --partitions 1 --replication-factor 3",
        "printf 'anna:tea\\nben:coffee\\n' | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders \
         --reader-property parse.key=true --reader-property key.separator=:",
    ] {
        page.done(Command::Type { terminal: "t1".into(), line: line.into() });
        page.done(Command::RunUntilIdle { terminal: "t1".into() });
    }
    page.done(Command::Run { us: 2_000_000, events_max: u32::MAX });
    page.done(Command::Fault(Fault::Kill("b2".into())));
    for broker in 1..=3 {
        let asked = Command::ReadLog { topic: "orders".into(), partition: 0, broker, offset: 1 };
        let Answer::Log(log) = page.done(asked).answer else { panic!("broker {broker} shows no log") };
        assert_eq!((log.log_start, log.log_end, log.segments.len()), (0, 2, 1), "broker {broker}");
        assert_eq!(log.epochs, [(0, 0)]);
        assert_eq!(log.records.iter().map(|record| record.offset).collect::<Vec<_>>(), [0, 1]);
        let open = log.open.expect("the only segment is open");
        assert_eq!((open.found, open.batches.len()), ((0, 0), 1));
        let batch = open.batch.expect("offset 1 is in a batch");
        assert!(batch.crc_holds);
        assert_eq!(batch.bytes.len() as u64, log.segments[0].bytes);
        // The fields cover every byte of the batch, one after the other.
        let mut next = 0;
        for field in &batch.fields {
            assert_eq!(field.at, next, "{}", field.name);
            next += field.bytes;
        }
        assert_eq!(next as usize, batch.bytes.len());
        let said = |name: &str| batch.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str());
        assert_eq!(said("recordCount"), Some("2"));
        assert_eq!(said("record 1"), Some("ben = coffee"));
    }
    let nowhere = Command::ReadLog { topic: "none".into(), partition: 0, broker: 1, offset: 0 };
    assert!(page.ask(nowhere).problem.is_some());
}

#[test]
fn what_the_cleaner_replaced_can_be_read_until_its_files_are_deleted() {
    let mut page = Page::booted();
    let typed = |page: &mut Page, line: &str| {
        page.done(Command::Type { terminal: "t1".into(), line: line.into() });
        page.done(Command::RunUntilIdle { terminal: "t1".into() });
    };
    typed(
        &mut page,
        "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic orders --partitions 1 --replication-factor 3 \
         --config cleanup.policy=compact --config segment.ms=10000 --config min.cleanable.dirty.ratio=0.01",
    );
    for _ in 0..3 {
        typed(
            &mut page,
            "printf 'anna:tea\\nben:coffee\\nanna:cake\\n' | kafka-console-producer.sh --bootstrap-server localhost:9092 \
             --topic orders --reader-property parse.key=true --reader-property key.separator=:",
        );
        page.done(Command::Run { us: 11_000_000, events_max: u32::MAX });
    }
    page.done(Command::Run { us: 15_000_000, events_max: u32::MAX });
    let read = |page: &mut Page| {
        let asked = Command::ReadLog { topic: "orders".into(), partition: 0, broker: 1, offset: i64::MAX };
        let Answer::Log(log) = page.done(asked).answer else { panic!("there is no log") };
        log
    };
    let log = read(&mut page);
    let offsets = |records: &[wire::view::CellView]| records.iter().map(|record| record.offset).collect::<Vec<_>>();
    assert_eq!((log.cleaned_to, log.log_end), (Some(6), 9));
    assert_eq!(offsets(&log.records), [4, 5, 6, 7, 8]);
    let gone = log.gone.expect("the files lie there for a minute");
    assert!(gone.dirty.is_some_and(|from| from < 6));
    assert_eq!(gone.segments.last().map(|segment| segment.end), Some(6));
    assert!(offsets(&gone.records).ends_with(&[3, 4, 5]), "{:?}", gone.records);
    let newest: Vec<_> = gone.newest.iter().map(|record| (record.key.as_deref(), record.offset)).collect();
    assert_eq!(newest, [(Some("anna"), 5), (Some("ben"), 4)]);
    page.done(Command::Run { us: 61_000_000, events_max: u32::MAX });
    assert_eq!(read(&mut page).gone, None);
}

#[test]
fn what_retention_deleted_can_be_read_until_its_files_are_freed() {
    let mut page = Page::booted();
    page.type_line(
        "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic orders --partitions 1 --replication-factor 3 \
         --config retention.bytes=100 --config segment.ms=10000",
    );
    for _ in 0..3 {
        page.type_line(
            "printf 'tea\\ncoffee\\n' | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders",
        );
        page.done(Command::Run { us: 11_000_000, events_max: u32::MAX });
    }
    let read = |page: &mut Page, offset: i64| {
        let asked = Command::ReadLog { topic: "orders".into(), partition: 0, broker: 1, offset };
        let Answer::Log(log) = page.done(asked).answer else { panic!("there is no log") };
        log
    };
    let bases = |segments: &[wire::log::SegmentView]| segments.iter().map(|at| (at.base, at.end)).collect::<Vec<_>>();
    // The first look at what is too much or too old is half a minute after the start, the next five minutes later.
    let mut waited = 0;
    while read(&mut page, 0).log_start == 0 && waited < 330 {
        page.done(Command::Run { us: 10_000_000, events_max: u32::MAX });
        waited += 10;
    }
    let log = read(&mut page, 0);
    // What is left without it would still be as much as is to be kept: so long the oldest goes.
    assert_eq!((log.log_start, bases(&log.segments)), (2, vec![(2, 4), (4, 6)]));
    let gone = log.gone.expect("the files lie there for a minute");
    assert_eq!((bases(&gone.segments), gone.dirty, gone.newest.len()), (vec![(0, 2)], None, 0));
    assert_eq!(gone.records.iter().map(|record| record.offset).collect::<Vec<_>>(), [0, 1]);
    page.done(Command::Run { us: 61_000_000, events_max: u32::MAX });
    assert_eq!(read(&mut page, 0).gone, None);
}

#[test]
fn a_refused_send_says_why_and_when_it_is_tried_again_and_the_metrics_count_it() {
    let mut page = Page::booted();
    let create = "kafka-topics.sh --bootstrap-server localhost:9092 --create --topic orders --partitions 1 \
                  --replication-factor 3 --config min.insync.replicas=3";
    page.done(Command::Type { terminal: "t1".into(), line: create.into() });
    page.done(Command::RunUntilIdle { terminal: "t1".into() });
    page.done(Command::Fault(Fault::Kill("b3".into())));
    page.done(Command::Run { us: 12_000_000, events_max: u32::MAX });
    let produce = "kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders --producer-property retry.backoff.ms=5000";
    page.done(Command::Type { terminal: "t2".into(), line: produce.into() });
    page.done(Command::Type { terminal: "t2".into(), line: "tea".into() });
    page.done(Command::Run { us: 2_000_000, events_max: u32::MAX });
    let client = page.view.values().find_map(|entity| match entity {
        Entity::Client(client) => Some(client.clone()),
        _ => None,
    });
    let client = client.expect("the producer is in the view");
    assert_eq!(client.last_error.as_deref(), Some("NOT_ENOUGH_REPLICAS"));
    assert_eq!(client.error_note, "Not appended.");
    let now = page.last.as_ref().map_or(0, |reply| reply.now_us);
    assert!(client.retry_at_us.is_some_and(|at| at > now), "{:?} at {now}", client.retry_at_us);
    let metric = |name: &str| match page.view.get(&Key::Metric(name.into())) {
        Some(Entity::Metric(value)) => *value,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(metric("FailedProduceRequestsPerSec"), 1);
    assert_eq!(metric("UnderMinIsrPartitionCount"), 1);
    assert_eq!(metric("FencedBrokerCount"), 1);
    // The controller took the dead broker out, no leader did.
    assert_eq!(metric("IsrShrinksPerSec"), 0);
    let why = page.done(Command::Why(wire::command::Question::Send { client: "t2".into() }));
    let Answer::Why { causes, .. } = why.answer else { panic!("there is no answer") };
    // From the refusal straight to what made the ISR short.
    assert!(
        causes[0].text.starts_with("The ISR of orders-0 has 2 of the 3") && causes[0].at_us.is_some(),
        "{causes:?}"
    );
    assert!(causes[1].text.starts_with("Broker 3 leaves the ISR of orders-0"), "{causes:?}");
    assert!(causes.iter().all(|cause| !cause.text.contains("tries again")), "{causes:?}");
    assert!(causes.iter().any(|cause| cause.text.starts_with("You: ")), "{causes:?}");
}

#[test]
fn time_passes_until_there_is_something_to_watch() {
    let mut page = Page::booted();
    page.orders();
    // Nothing happens: all of the span passes, though a heartbeat or a fetch is always under way.
    let quiet = page.ask(Command::Pass { us: 300_000, events_max: u32::MAX });
    let after = page.ask(Command::Pass { us: 300_000, events_max: u32::MAX });
    assert_eq!((after.now_us - quiet.now_us, after.events.len()), (300_000, 0));
    let few = page.ask(Command::Pass { us: 300_000, events_max: 2 });
    assert_eq!(few.index - after.index, 2);
    // A record is on its way: each look is at the moment in which it sets out, or something is said.
    let line = "echo c | kafka-console-producer.sh --bootstrap-server localhost:9092 --topic orders";
    page.done(Command::Type { terminal: "t1".into(), line: line.into() });
    let mut seen = vec![];
    for _ in 0..200 {
        let reply = page.ask(Command::Pass { us: 160_000, events_max: 400 });
        let flights = reply.deltas.iter().filter_map(|delta| match delta {
            Delta::Put(_, Entity::Flight(flight)) if flight.is_loud() => Some(flight),
            _ => None,
        });
        let leaves: Vec<_> = flights.filter(|flight| flight.sent_us == reply.now_us).collect();
        seen.extend(leaves.iter().map(|flight| flight.api.clone()));
        seen.extend(reply.events.iter().map(|event| event.kind.clone()));
        assert!(reply.events.windows(2).all(|pair| pair[0].index == pair[1].index), "one moment: {:?}", reply.events);
    }
    let at = |what: &str| seen.iter().position(|seen| seen == what).unwrap_or_else(|| panic!("{what}: {seen:?}"));
    assert!(at("Produce") < at("RecordsAppended") && at("RecordsAppended") < at("HighWatermarkAdvanced"), "{seen:?}");
}

//! Clusters to start from: each is a boot and the lines and faults that a person would give, so its session is one like any
//! other, with a past that can be gone through.

use wire::command::ClusterSpec;
use wire::{Command, Fault};
use yew::prelude::*;

use crate::ctx::Handle;
use crate::text::el;

/// What is done after the boot.
enum Op {
    /// Typed into a terminal; the next one follows when it has ended or waits.
    Line(&'static str, &'static str),
    /// The same, and time goes on for so many milliseconds while it runs.
    During(&'static str, &'static str, u64),
    Fault(fn(String) -> Fault, &'static str, u64),
}

struct Template {
    name: &'static str,
    note: &'static str,
    brokers: u32,
    ops: &'static [Op],
}

/// Lines of which there are several kinds: what they have in common, and how the kind ends.
macro_rules! topic {
    ($($more:literal)?) => {
        concat!("kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 3 --replication-factor 3", $($more)?)
    };
}
macro_rules! keyed {
    ($($more:literal)?) => {
        concat!("printf 'mia:tea\\nben:latte\\nzoe:mocha\\nmia:juice\\nleo:cake\\nben:soup\\n' | kafka-console-producer.sh --bootstrap-server b1:9092 --topic orders --reader-property parse.key=true --reader-property key.separator=:", $($more)?)
    };
}

const TOPIC: &str = topic!();
const SAFE: &str = topic!(" --config min.insync.replicas=2");
const KEYED: &str = keyed!();
/// In batches of two, the least that the buffer of one record has room for.
const PAIRS: &str = keyed!(" --command-property batch.size=0");
const GROUP: &str =
    "kafka-console-consumer.sh --bootstrap-server b1:9092 --topic orders --group billing --from-beginning";
const STEADY: &str = "kafka-producer-perf-test.sh --bootstrap-server b1:9092 --topic orders --num-records 900 --record-size 60 --throughput 20 --command-property acks=all";

const TEMPLATES: [Template; 6] = [
    Template {
        name: "Orders, calm",
        note: "3 partitions, 3 copies, six records, a group that reads",
        brokers: 3,
        ops: &[Op::Line("t1", TOPIC), Op::Line("t2", KEYED), Op::Line("t3", GROUP)],
    },
    Template {
        name: "A broker hangs",
        note: "20 records a second; broker 3 hangs for 20 s and comes back",
        brokers: 3,
        ops: &[
            Op::Line("t1", SAFE),
            Op::Line("t3", GROUP),
            Op::During("t2", STEADY, 8_000),
            Op::Fault(Fault::Pause, "b3", 20_000),
            Op::Fault(Fault::Resume, "b3", 12_000),
        ],
    },
    Template {
        name: "Too few in sync",
        note: "min.insync.replicas=2, and one of three brokers is left",
        brokers: 3,
        ops: &[
            Op::Line("t1", SAFE),
            Op::Line("t2", KEYED),
            Op::Fault(Fault::Kill, "b2", 12_000),
            Op::Fault(Fault::Kill, "b3", 12_000),
        ],
    },
    Template {
        name: "Latest per key",
        note: "A compacted topic: the cleaner keeps the newest of each key",
        brokers: 3,
        ops: &[
            Op::Line(
                "t1",
                "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 1 --replication-factor 3 --config cleanup.policy=compact --config segment.ms=10000 --config min.cleanable.dirty.ratio=0.01 --config index.interval.bytes=80",
            ),
            Op::During("t2", PAIRS, 11_000),
            Op::During("t2", PAIRS, 11_000),
            Op::During("t2", PAIRS, 26_000),
        ],
    },
    Template {
        name: "Ten brokers",
        note: "50 partitions, 3 copies each",
        brokers: 10,
        ops: &[
            Op::Line(
                "t1",
                "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions 50 --replication-factor 3",
            ),
            Op::Line("t2", KEYED),
        ],
    },
    Template {
        name: "Two in one group",
        note: "Two members share three partitions",
        brokers: 3,
        ops: &[Op::Line("t1", TOPIC), Op::Line("t2", KEYED), Op::Line("t3", GROUP), Op::Line("t4", GROUP)],
    },
];

pub fn list(handle: &Handle) -> Html {
    let card = |template: &'static Template| {
        let handle = handle.clone();
        let onclick = Callback::from(move |_: MouseEvent| start(&handle, template.brokers, template.ops));
        html! { <button class="tpl" {onclick}>{el("b", "", template.name)}{el("span", "muted", template.note)}</button> }
    };
    html! {
        <section class="tpls" aria-label="Clusters to start from">{el("h2", "", "Clusters to start from")}
            <div>{for TEMPLATES.iter().map(card)}</div><Own handle={handle.clone()}/></section>
    }
}

#[derive(Properties, PartialEq)]
struct OwnProps {
    handle: Handle,
}

/// What can be chosen: its name, the least, the most, and what stands there first.
const KNOBS: [(&str, u32, u32, u32); 4] =
    [("brokers", 1, 10, 3), ("partitions", 1, 50, 3), ("copies", 1, 10, 3), ("records a second", 0, 50, 5)];

/// A cluster by numbers of one's own.
#[component]
fn Own(props: &OwnProps) -> Html {
    let numbers = use_mut_ref(|| KNOBS.map(|(_, _, _, first)| first));
    let knob = |(at, (name, least, most, first)): (usize, &(&'static str, u32, u32, u32))| {
        let (numbers, least, most) = (numbers.clone(), *least, *most);
        let oninput = Callback::from(move |event: InputEvent| {
            let field: web_sys::HtmlInputElement = event.target_unchecked_into();
            numbers.borrow_mut()[at] = field.value().parse().unwrap_or(least).clamp(least, most);
        });
        html! { <label><input type="number" min={least.to_string()} max={most.to_string()} value={first.to_string()} {oninput}/>{*name}</label> }
    };
    let begin = {
        let (numbers, handle) = (numbers.clone(), props.handle.clone());
        Callback::from(move |_: MouseEvent| {
            let [brokers, partitions, copies, rate] = *numbers.borrow();
            let copies = copies.min(brokers);
            let topic = format!(
                "kafka-topics.sh --bootstrap-server b1:9092 --create --topic orders --partitions {partitions} --replication-factor {copies}"
            );
            // Text that stays: a cluster is started by hand, and each is a few hundred bytes.
            let mut ops = vec![Op::Line("t1", topic.leak())];
            if rate > 0 {
                let send = format!(
                    "kafka-producer-perf-test.sh --bootstrap-server b1:9092 --topic orders --num-records {} --record-size 60 --throughput {rate}",
                    rate * 60
                );
                ops.extend([Op::Line("t3", GROUP), Op::During("t2", send.leak(), 3_000)]);
            }
            start(&handle, brokers, ops.leak());
        })
    };
    html! { <div class="tpl own" role="group" aria-label="Your own numbers">{for KNOBS.iter().enumerate().map(knob)}<span class="grow"/><button class="btn sm" onclick={begin}>{"Start it"}</button></div> }
}

fn start(handle: &Handle, brokers: u32, ops: &'static [Op]) {
    let spec = ClusterSpec { version: "4.3".into(), brokers, controllers: 1, config: vec![] };
    let again = handle.clone();
    handle.ask(Command::Boot { spec, seed: super::side::fresh_seed() }, move |_| go_on(&again, ops));
}

/// One after the other; whatever is refused is said, and the next follows.
fn go_on(handle: &Handle, ops: &'static [Op]) {
    let Some((op, rest)) = ops.split_first() else { return };
    let next = handle.clone();
    match op {
        Op::Line(terminal, line) => {
            let terminal = (*terminal).to_owned();
            handle.send(Command::Type { terminal: terminal.clone(), line: (*line).to_owned() });
            handle.ask(Command::RunUntilIdle { terminal }, move |_| go_on(&next, rest));
        }
        Op::During(terminal, line, ms) => {
            handle.send(Command::Type { terminal: (*terminal).to_owned(), line: (*line).to_owned() });
            handle.run_to(move |now| now + ms * 1_000, move || go_on(&next, rest));
        }
        Op::Fault(fault, host, ms) => {
            handle.send(Command::Fault(fault((*host).to_owned())));
            handle.run_to(move |now| now + ms * 1_000, move || go_on(&next, rest));
        }
    }
}

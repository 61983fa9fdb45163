//! Made-up replies for looking at the page before an engine answers: `#down` in the address shows the dead broker.

use wire::lesson::*;
use wire::reply::*;
use wire::view::*;
use wire::*;

pub fn reply(down: bool, big: u32) -> Vec<Reply> {
    let calm = build(false, big);
    if down { vec![calm, build(true, big)] } else { vec![calm] }
}

fn cells(keys: &str, epoch_from: i64) -> Vec<CellView> {
    keys.chars()
        .enumerate()
        .map(|(at, c)| CellView {
            offset: at as i64,
            leader_epoch: if (at as i64) < epoch_from { 4 } else { 5 },
            key: (c != '-').then(|| format!("{c}key")),
            value: Some(format!("value{at}")),
            control: false,
        })
        .collect()
}

fn build(down: bool, big: u32) -> Reply {
    let mut deltas = vec![];
    let mut put = |k: Key, e: Entity| deltas.push(Delta::Put(k, e));
    let n = if big > 0 { big as i32 } else { 3 };
    for id in 1..=n {
        let dead = down && id == 2;
        put(
            Key::Broker(id),
            Entity::Broker(BrokerView {
                id,
                endpoint: format!("b{id}:9092"),
                state: if dead { ServerState::Down } else { ServerState::Running },
                fenced: dead,
                epoch: 7,
                leads: if dead {
                    vec![]
                } else if down && id == 3 {
                    vec!["orders-1".into(), "orders-2".into()]
                } else {
                    vec![format!("orders-{}", id - 1)]
                },
                metadata_offset: 418,
                since_us: 0,
            }),
        );
    }
    for id in [101, 102, 103] {
        put(
            Key::Controller(id),
            Entity::Controller(ControllerView {
                id,
                endpoint: format!("c{}:9093", id - 100),
                state: ServerState::Running,
                active: id == 101,
                epoch: 12,
                metadata_offset: if down { 431 } else { 418 },
                voters: vec![101, 102, 103],
            }),
        );
    }
    let config = vec![
        ConfigView { key: "min.insync.replicas".into(), value: "3".into(), source: "DYNAMIC_TOPIC_CONFIG".into() },
        ConfigView { key: "retention.ms".into(), value: "604800000".into(), source: "DEFAULT_CONFIG".into() },
        ConfigView {
            key: "unclean.leader.election.enable".into(),
            value: "false".into(),
            source: "DEFAULT_CONFIG".into(),
        },
    ];
    put(
        Key::Topic("orders".into()),
        Entity::Topic(TopicView {
            name: "orders".into(),
            topic_id: "x".into(),
            partitions: 3,
            replication_factor: 3,
            internal: false,
            config,
        }),
    );
    let logs = ["BDDBDBBD", "GJGMJGMJG", "AECAAEC"];
    let leads = [1, if down { 3 } else { 2 }, 3];
    let parts = if big > 3 { 12 } else { 3 };
    for p in 0..parts {
        let q = (p % 3) as usize;
        let lead = leads[q];
        let isr: Vec<i32> = if down { vec![1, 3] } else { vec![1, 2, 3] };
        let hw = [8, 7, 7][q];
        put(
            Key::Partition("orders".into(), p),
            Entity::Partition(PartitionView {
                topic: "orders".into(),
                partition: p,
                leader: Some(lead),
                leader_epoch: if down && q == 1 { 5 } else { 4 },
                partition_epoch: 1,
                replicas: vec![1, 2, 3],
                isr,
                elr: vec![],
                min_insync_replicas: 3,
                high_watermark: Some(hw),
                high_watermark_held: down && q == 1,
            }),
        );
        for b in 1..=3 {
            let dead = down && b == 2;
            let end = if q == 1 {
                match (down, b) {
                    (false, 1) => 7,
                    (false, 2) => 9,
                    (false, _) => 8,
                    (true, 1) => 8,
                    _ => 9,
                }
            } else {
                logs[q].len()
            };
            let keys = if down && q == 1 && b == 3 { "GJGMJGMJJ" } else { logs[q] };
            put(
                Key::Replica("orders".into(), p, b),
                Entity::Replica(ReplicaView {
                    topic: "orders".into(),
                    partition: p,
                    broker: b,
                    role: if dead {
                        Role::Offline
                    } else if b == lead {
                        Role::Leader
                    } else {
                        Role::Follower
                    },
                    leader_epoch: 4,
                    in_sync: !dead,
                    log_start: 0,
                    high_watermark: if q == 1 && b == 1 && !down { 6 } else { hw },
                    log_end: end as i64,
                    cells: cells(&keys[..end], if down { 8 } else { 99 }),
                }),
            );
        }
    }
    clients(&mut put, down);
    let lamp = |id: &str, name: &str, safety, broken: bool| {
        Entity::Lamp(LampView {
            id: id.into(),
            name: name.into(),
            meaning: "Must hold.".into(),
            safety,
            state: if broken { LampState::Broken(40) } else { LampState::Holds },
            detail: String::new(),
        })
    };
    put(Key::Lamp("S1".into()), lamp("S1", "LeaderInIsr", true, false));
    put(Key::Lamp("S2".into()), lamp("S2", "StrongIsr", true, false));
    put(Key::Lamp("S6".into()), lamp("S6", "SingleLeader", true, false));
    put(Key::Lamp("S7".into()), lamp("S7", "MonotonicHighWatermark", true, false));
    put(Key::Lamp("A1".into()), lamp("A1", "AcksAllAccepted", false, down));
    put(
        Key::Terminal("t1".into()),
        Entity::Terminal(TerminalView {
            name: "t1".into(),
            running: None,
            reads_input: false,
            open_line: String::new(),
            last_exit: Some(0),
        }),
    );
    let mut flight =
        |id, from: &str, to: &str, api: &str, response, label: &str, keys: Vec<Option<String>>, partition: &str| {
            put(
                Key::Flight(id),
                Entity::Flight(FlightView {
                    id,
                    from: from.into(),
                    to: to.into(),
                    api: api.into(),
                    response,
                    sent_us: 8_000_000,
                    arrives_us: 8_400_000,
                    partition: Some(partition.into()),
                    label: label.into(),
                    keys,
                    error: false,
                }),
            );
        };
    if down {
        flight(3, "t3", "b3", "Produce", false, "", vec![Some("Jkey".into())], "orders-1");
    } else {
        flight(1, "b1", "b2", "Fetch", false, "fetch 7", vec![], "orders-1");
        flight(2, "b2", "b3", "Fetch", true, "offset 8", vec![Some("Gkey".into())], "orders-1");
        flight(3, "t3", "b3", "Produce", false, "", vec![Some("Akey".into())], "orders-2");
    }
    let (now, end) = if down { (20_310_000, 20_310_000) } else { (8_200_000, 8_200_000) };
    Reply {
        seq: 0,
        index: if down { 391 } else { 214 },
        now_us: now,
        end_index: if down { 391 } else { 214 },
        end_us: end,
        digest: 0x7f3a << 48,
        more: false,
        reset: !down,
        deltas,
        events_from: if down { 42 } else { 0 },
        events: events(down),
        branches: vec![BranchView {
            name: "main".into(),
            parent: None,
            fork_index: 0,
            fork_us: 0,
            end_us: end,
            current: true,
        }],
        lesson: Some(lesson(down)),
        answer: Answer::Nothing,
        problem: None,
    }
}

fn clients(put: &mut impl FnMut(Key, Entity), down: bool) {
    let base = |terminal: &str, kind| ClientView {
        terminal: terminal.into(),
        pid: 1,
        kind,
        client_id: String::new(),
        command: "kafka-console-producer.sh".into(),
        topic: Some("orders".into()),
        acks: None,
        sent: 0,
        acked: 0,
        waiting: 0,
        failed: 0,
        positions: vec![],
        last_error: None,
        connections: vec![1, 2, 3],
    };
    put(
        Key::Client("t2".into(), 1),
        Entity::Client(ClientView {
            client_id: "checkout".into(),
            acks: Some("all".into()),
            sent: 9,
            acked: 8,
            waiting: u64::from(!down),
            failed: u64::from(down),
            last_error: down.then(|| "NOT_ENOUGH_REPLICAS".into()),
            ..base("t2", ClientKind::Producer)
        }),
    );
    put(
        Key::Client("t3".into(), 1),
        Entity::Client(ClientView {
            client_id: "kiosk".into(),
            acks: Some("1".into()),
            sent: 4,
            acked: 3,
            waiting: 1,
            ..base("t3", ClientKind::Producer)
        }),
    );
    let at = |p, position, committed| PositionView { topic: "orders".into(), partition: p, position, committed };
    put(
        Key::Client("t4".into(), 1),
        Entity::Client(ClientView {
            client_id: "c-1".into(),
            positions: vec![at(0, 8, Some(6)), at(1, 6, Some(4))],
            ..base("t4", ClientKind::Consumer)
        }),
    );
    put(
        Key::Client("t5".into(), 1),
        Entity::Client(ClientView {
            client_id: "c-2".into(),
            positions: vec![at(2, 6, None)],
            ..base("t5", ClientKind::Consumer)
        }),
    );
}

fn events(down: bool) -> Vec<EventView> {
    let mut list = vec![];
    let mut push = |index, at_us, lane, tone, kind: &str, sentence: &str, beat| {
        list.push(EventView {
            index,
            ordinal: index as u32,
            at_us,
            lane,
            tone,
            kind: kind.into(),
            sentence: sentence.into(),
            partition: Some("orders-1".into()),
            actor: "b1".into(),
            beat,
        })
    };
    if down {
        for k in 0..12 {
            push(
                215 + k,
                9_000_000 + k * 900_000,
                Lane::Brokers,
                Tone::Plain,
                "FollowerFetched",
                "Broker 1 fetches.",
                false,
            );
        }
        push(230, 11_000_000, Lane::You, Tone::Plain, "Fault", "Broker 2 dies", true);
        push(
            380,
            20_002_000,
            Lane::Controller,
            Tone::Plain,
            "LeaderElected",
            "Broker 3 leads orders-1, epoch 5.",
            true,
        );
        push(
            391,
            20_310_000,
            Lane::Clients,
            Tone::Error,
            "ProduceRefused",
            "Broker 3 refuses checkout: NOT_ENOUGH_REPLICAS.",
            false,
        );
    } else {
        push(1, 200_000, Lane::Controller, Tone::Plain, "ControllerElected", "Controller 101 leads, epoch 12.", false);
        push(5, 900_000, Lane::You, Tone::Plain, "Typed", "Three in sync", true);
        for k in 0..40 {
            push(
                10 + k * 4,
                1_000_000 + k * 170_000,
                if k % 3 == 0 { Lane::Clients } else { Lane::Brokers },
                Tone::Plain,
                if k % 2 == 0 { "RecordsRead" } else { "FollowerFetched" },
                "Something.",
                false,
            );
        }
        push(200, 7_900_000, Lane::You, Tone::Plain, "Typed", "Set min to 3", true);
        push(
            214,
            8_200_000,
            Lane::Brokers,
            Tone::Plain,
            "FollowerFetched",
            "Broker 1 fetches orders-1 from offset 7.",
            false,
        );
    }
    list
}

fn lesson(down: bool) -> LessonView {
    let t = |s: &str| Span::Text(s.into());
    let code = |s: &str| Span::Code(s.into());
    let predict = PredictView {
        question: vec![t("checkout sends to orders-1 with acks=all. What comes back?")],
        options: vec![
            vec![t("An ack: two copies will do")],
            vec![t("An ack, after an election")],
            vec![t("An error, and it retries")],
            vec![t("Silence, until 2 is back")],
        ],
        chosen: down.then_some(1),
        outcome: down.then_some(2),
        explanation: vec![
            t("The election worked. But acks=all needs "),
            Span::Strong("3 in the ISR".into()),
            t(", and 2 are left."),
        ],
    };
    let task = TaskView {
        goal: vec![t("Your turn: let checkout write again, without broker 2.")],
        clauses: vec![
            ClauseView { text: "checkout is acked on orders-1".into(), met: false },
            ClauseView { text: "No acks=all record is lost".into(), met: true },
        ],
    };
    let step = |title: &str| StepView {
        title: title.into(),
        blocks: vec![
            Block::Paragraph(vec![
                t("You set "),
                code("min.insync.replicas"),
                t(" to "),
                Span::Strong("3".into()),
                t(". Every copy is in sync, so writes flow."),
            ]),
            Block::Console {
                terminal: "t1".into(),
                lines: vec![ConsoleLine {
                    text: "kafka-topics.sh --bootstrap-server localhost:9092 --describe --topic orders".into(),
                    input: false,
                }],
                output: vec![],
            },
        ],
        task: down.then(|| task.clone()),
        predict: Some(predict.clone()),
        hints: vec![vec![t("Count the bracket arms without 2")]],
        hints_total: 3,
        has_solution: true,
        focus: Some("orders-1".into()),
        show: vec![],
        verdict: None,
    };
    LessonView {
        id: "leader-dies".into(),
        title: "When a broker dies".into(),
        chapter: "Cluster".into(),
        minutes: 6,
        step: if down { 3 } else { 2 },
        steps: [
            "Three in sync",
            "Set min to 3",
            "Predict",
            "Broker 2 dies",
            "Get writes back",
            "Bring 2 back",
            "Recap",
        ]
        .iter()
        .map(|n| step(n))
        .collect(),
        solved: vec![0, 1],
    }
}

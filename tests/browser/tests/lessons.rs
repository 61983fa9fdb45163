//! Lessons from start to end in the browser: by clicking whatever can be clicked, and by typing.

use oz_browser::lessons::{files, read, take};
use oz_browser::{Hands, Options, in_tab};

fn taken(file: &str, hands: Hands, pictures: Option<&str>) {
    let lesson = read(file);
    in_tab(Options::default(), async |tab| {
        take(tab, hands, &lesson, pictures).await.map_err(|reason| format!("{file}: {reason}"))
    });
}

#[test]
fn your_first_topic_by_clicking() {
    taken("01-quickstart/01-first-topic.md", Hands::Mouse, Some("first-topic"));
}

#[test]
fn a_leader_dies_by_clicking() {
    taken("02-cluster/01-a-leader-dies.md", Hands::Mouse, Some("leader-dies"));
}

/// Each of these lessons by typing alone, in a test of its own.
macro_rules! by_typing {
    ($($name:ident: $file:literal,)*) => {
        $(#[test] fn $name() { taken($file, Hands::Keys, None); })*

        #[test]
        fn every_lesson_of_the_index_is_taken() {
            assert_eq!(files(), [$($file),*]);
        }
    };
}

by_typing! {
    first_topic: "01-quickstart/01-first-topic.md",
    replay_the_past: "01-quickstart/02-replay-the-past.md",
    a_leader_dies: "02-cluster/01-a-leader-dies.md",
    you_are_the_leader: "02-cluster/02-you-are-the-leader.md",
    too_few_in_sync: "02-cluster/03-too-few-in-sync.md",
    preferred_leader: "02-cluster/04-preferred-leader.md",
    which_partition: "03-producers/01-which-partition.md",
    acks: "03-producers/02-acks.md",
    sent_twice: "03-producers/03-sent-twice.md",
    one_envelope: "03-producers/04-one-envelope.md",
    a_group: "04-consumers/01-a-group.md",
    the_bookmark: "04-consumers/02-the-bookmark.md",
    retention: "05-production/01-retention.md",
    a_broker_nobody_uses: "05-production/02-a-broker-nobody-uses.md",
    compaction: "05-production/03-compaction.md",
}

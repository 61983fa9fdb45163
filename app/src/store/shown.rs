//! What a lesson has introduced so far. One answer for the whole page: what is not introduced is neither drawn nor named,
//! on the stage, in the inspector and in the timeline alike.

use wire::EventView;
use wire::lesson::LessonView;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub controller: bool,
    pub isr: bool,
    pub hw: bool,
    pub clients: bool,
    pub epoch: bool,
}

impl Default for Shown {
    /// Without a lesson nothing has to be introduced.
    fn default() -> Self {
        Self::of(None)
    }
}

impl Shown {
    /// By the step that is shown; a step that names no part shows all.
    pub fn of(lesson: Option<&LessonView>) -> Self {
        let parts = lesson.and_then(|lesson| lesson.steps.get(lesson.step as usize)).map(|step| step.show.as_slice());
        let has = |name: &str| parts.is_none_or(|parts| parts.is_empty() || parts.iter().any(|part| part == name));
        Self {
            controller: has("controller"),
            isr: has("isr"),
            hw: has("hw"),
            clients: has("clients"),
            epoch: has("epoch"),
        }
    }

    /// Whether words name nothing that is still to come.
    pub fn knows(self, words: &str) -> bool {
        let parts = [
            (self.isr, "ISR"),
            (self.isr, "min.insync"),
            (self.hw, "igh watermark"),
            (self.hw, "HW"),
            (self.epoch, "epoch"),
            (self.controller, "ontroller"),
        ];
        parts.iter().all(|(known, name)| *known || !words.contains(name))
    }

    /// Whether an event can be told. What a person typed always can.
    pub fn tells(self, event: &EventView) -> bool {
        event.kind == "Typed" || self.knows(&self.words(event))
    }

    /// Whether an event is a beat with a flag: of Kafka's own topics there are fifty partitions, and all leave at once.
    pub fn flags(self, event: &EventView) -> bool {
        let own = event.kind != "Typed" && event.sentence.split(' ').any(|word| word.starts_with("__"));
        event.beat && !own && self.tells(event)
    }

    /// An event in words that have been introduced.
    pub fn words(self, event: &EventView) -> String {
        if event.kind == "Typed" { event.sentence.clone() } else { self.plain(&event.sentence) }
    }

    /// A sentence without what it says besides.
    pub fn plain(self, sentence: &str) -> String {
        match sentence.split_once(", epoch ") {
            Some((head, rest)) if !self.epoch => {
                head.to_owned() + rest.trim_start_matches(|letter: char| letter.is_ascii_digit())
            }
            _ => sentence.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{Lane, Tone};

    #[test]
    fn an_event_waits_for_its_words() {
        let event = |kind: &str, sentence: &str| EventView {
            index: 1,
            ordinal: 1,
            at_us: 1,
            lane: Lane::Brokers,
            tone: Tone::Plain,
            kind: kind.into(),
            sentence: sentence.into(),
            partition: None,
            actor: "b1".into(),
            beat: true,
        };
        let early = Shown { controller: false, isr: false, hw: false, clients: true, epoch: false };
        let shrunk = event("IsrShrunk", "Broker 2 leaves the ISR of orders-1: now 1, 3.");
        assert!(!early.tells(&shrunk) && Shown { isr: true, ..early }.tells(&shrunk));
        assert!(!early.tells(&event("BrokerFenced", "The controller fences broker 2.")));
        let all = Shown::default();
        assert!(all.flags(&shrunk) && all.flags(&event("TopicCreated", "Topic a__b is created with 3 partitions.")));
        assert!(!all.flags(&event("TopicCreated", "Topic __consumer_offsets is created with 50 partitions.")));
        assert!(!all.flags(&event("ConfigChanged", "__consumer_offsets: compression.type is set to producer.")));
        assert!(!all.flags(&event("IsrShrunk", "Broker 2 leaves the ISR of __consumer_offsets-1: now 1, 3.")));
        assert!(early.tells(&event("Typed", "You type in t1: echo ISR")));
        let leads = event("BecameLeader", "Broker 1 acts as leader of orders-1, epoch 4.");
        assert_eq!(early.words(&leads), "Broker 1 acts as leader of orders-1.");
        assert_eq!(Shown::default().words(&leads), leads.sentence);
        assert_eq!(early.plain("Why does broker 2 lead orders-1, epoch 12?"), "Why does broker 2 lead orders-1?");
    }
}

//! Which of Kafka's metrics have a chart, and what is drawn of them.

use crate::store::Shown;

#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    /// As it is, one line for each who reports.
    Each,
    /// As it is, the sum of all.
    Sum,
    /// What a Count grew by, a second.
    Rate,
    /// What a Count grew by.
    Delta,
}

pub struct Kind {
    pub bean: &'static str,
    pub title: &'static str,
    pub form: Form,
    pub unit: &'static str,
    pub class: &'static str,
    /// What the values are, under the bean's name.
    pub note: &'static str,
}

impl Kind {
    /// A value above zero says that something is wrong.
    pub fn alerts(&self) -> bool {
        matches!(self.class, "ch warn" | "ch err")
    }
}

pub const KINDS: [Kind; 6] = [
    kind("BytesInPerSec", "Bytes in", Form::Rate, "B/s", "ch brk", "Count per second"),
    kind("UnderReplicatedPartitions", "Under-replicated", Form::Sum, "", "ch warn", "sum"),
    kind("IsrShrinksPerSec", "ISR shrinks", Form::Delta, "count", "ch brk", "Count"),
    kind("records-lag-max", "Consumer lag", Form::Each, "records", "ch cons", "per member"),
    kind("FailedProduceRequestsPerSec", "Refused writes", Form::Delta, "count", "ch err", "Count"),
    kind("FencedBrokerCount", "Fenced brokers", Form::Sum, "", "ch err", "of the active controller"),
];

const fn kind(
    bean: &'static str,
    title: &'static str,
    form: Form,
    unit: &'static str,
    class: &'static str,
    note: &'static str,
) -> Kind {
    Kind { bean, title, form, unit, class, note }
}

/// A chart whose words a lesson has not introduced is not there.
pub fn known(kind: &Kind, shown: Shown) -> bool {
    match kind.form {
        Form::Each => shown.clients,
        _ if kind.bean.starts_with("Fenced") => shown.controller,
        Form::Rate => true,
        _ => shown.isr,
    }
}

//! The events of the branch shown. The list grows at its end (another branch replaces its end), so it is shared and
//! compared by its revision.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use wire::EventView;

use super::Shown;

#[derive(Clone, Debug, Default)]
pub struct Events {
    list: Rc<RefCell<Vec<Rc<EventView>>>>,
    /// Raised with every change; two handles with one revision show the same list.
    revision: u64,
    /// What may be told of them.
    pub shown: Shown,
}

impl PartialEq for Events {
    fn eq(&self, other: &Self) -> bool {
        self.revision == other.revision && self.shown == other.shown && Rc::ptr_eq(&self.list, &other.list)
    }
}

impl Events {
    /// Events from an ordinal on are replaced.
    pub fn replace(&mut self, from: u32, events: &[EventView], reset: bool) {
        if reset {
            self.list = Rc::default();
        }
        let mut list = self.list.borrow_mut();
        if reset || !events.is_empty() || list.len() > from as usize {
            self.revision += 1;
            list.truncate(from as usize);
            list.extend(events.iter().cloned().map(Rc::new));
        }
    }

    /// A list of its own, which no other branch's events take the place of.
    pub fn frozen(&self) -> Self {
        Self { list: Rc::new(RefCell::new(self.all().clone())), ..self.clone() }
    }

    pub fn all(&self) -> Ref<'_, Vec<Rc<EventView>>> {
        self.list.borrow()
    }

    /// The last event at or before an event index that can be told.
    pub fn at(&self, index: u64) -> Option<Rc<EventView>> {
        let list = self.list.borrow();
        let end = list.partition_point(|event| event.index <= index);
        list[..end].iter().rfind(|event| self.shown.tells(event)).cloned()
    }

    /// The last event at or before a time, for the playhead that is dragged.
    pub fn at_time(&self, at_us: u64) -> Option<Rc<EventView>> {
        let list = self.list.borrow();
        let end = list.partition_point(|event| event.at_us <= at_us);
        end.checked_sub(1).map(|last| list[last].clone())
    }
}

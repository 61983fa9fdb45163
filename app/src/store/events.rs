//! The events of the branch shown. The list only grows, so it is shared and compared by its revision.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use wire::EventView;

#[derive(Clone, Debug, Default)]
pub struct Events {
    list: Rc<RefCell<Vec<Rc<EventView>>>>,
    /// Raised with every change; two handles with one revision show the same list.
    revision: u64,
}

impl PartialEq for Events {
    fn eq(&self, other: &Self) -> bool {
        self.revision == other.revision && Rc::ptr_eq(&self.list, &other.list)
    }
}

impl Events {
    /// What stands before ordinal `from` stays; the rest is replaced.
    pub fn replace_from(&mut self, from: u32, events: &[EventView]) {
        let is_cut = (from as usize) < self.len();
        if is_cut || !events.is_empty() {
            self.revision += 1;
            let mut list = self.list.borrow_mut();
            list.truncate(from as usize);
            list.extend(events.iter().cloned().map(Rc::new));
        }
    }

    pub fn all(&self) -> Ref<'_, Vec<Rc<EventView>>> {
        self.list.borrow()
    }

    /// The last event at or before an event index.
    pub fn at(&self, index: u64) -> Option<Rc<EventView>> {
        let list = self.list.borrow();
        let end = list.partition_point(|event| event.index <= index);
        end.checked_sub(1).map(|last| list[last].clone())
    }

    /// The last event at or before a time, for the playhead that is dragged.
    pub fn at_time(&self, at_us: u64) -> Option<Rc<EventView>> {
        let list = self.list.borrow();
        let end = list.partition_point(|event| event.at_us <= at_us);
        end.checked_sub(1).map(|last| list[last].clone())
    }
}

//! [`Path`]: where in a value a serializer, a deserializer or the probe of a type is.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt::Write;

/// Steps that are printed. A path is that long only where a type contains itself.
const MAX_PRINTED: usize = 16;

/// One step into a value. No step holds a value: a map's keys are the application's data.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Field(&'static str),
    Variant(&'static str),
    /// A part of a tuple.
    Part(usize),
    /// An element of a sequence.
    Element(usize),
    /// Any element of a sequence.
    AnyElement,
    Key,
    Value,
}

/// The steps from the whole value to the present place.
///
/// A container remembers how long the path was when it began ([`Path::len`]), and each of its parts
/// cuts it back to that ([`Path::enter`]). Nothing has to leave a part, so after a failure the path
/// still says where it was.
#[derive(Debug, Default)]
pub(super) struct Path(RefCell<Vec<Step>>);

impl Path {
    pub(super) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub(super) fn enter(&self, base: usize, step: Step) {
        let mut steps = self.0.borrow_mut();
        steps.truncate(base);
        steps.push(step);
    }

    pub(super) fn cut(&self, base: usize) {
        self.0.borrow_mut().truncate(base);
    }

    pub(super) fn print(&self) -> String {
        let steps = self.0.borrow();
        let mut text = String::new();
        for step in steps.iter().take(MAX_PRINTED) {
            let dot = if text.is_empty() { "" } else { "." };
            // Writing to a String does not fail.
            let _ = match step {
                Step::Field(name) | Step::Variant(name) => write!(text, "{dot}{name}"),
                Step::Part(at) => write!(text, "{dot}{at}"),
                Step::Element(at) => write!(text, "[{at}]"),
                Step::AnyElement => write!(text, "[]"),
                Step::Key => write!(text, "{{key}}"),
                Step::Value => write!(text, "{{value}}"),
            };
        }
        if steps.len() > MAX_PRINTED {
            text.push('…');
        }
        text
    }
}

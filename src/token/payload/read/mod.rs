//! Is what was written what will be read? A deserializer over a [`Trace`], which compares every name,
//! kind and number that the type asks for with what was written.
//!
//! It reads twice. *By position*, as opening does: a struct's parts in order, a variant by its
//! number. Then *by name*, as no opening of this format could. Where the two disagree, what opens
//! would be another value than what was sealed.
//!
//! serde tells the names of a struct's fields and of an enum's variants, but with every `alias` among
//! them, so they alone do not say which name is at which position. Three facts together do, for a
//! struct: the written names are among those told, in the same order; as many parts are read as
//! were written; and each written name is read as a field of its own. For a variant, serde_derive
//! turns the number and the name into a private enum, whose discriminant must be the same for both.
//!
//! Each part is read whole before the next one begins: what a `deserialize_with` leaves unread is an error,
//! and not the next field's value.
//!
//! The comparison and its state are here, the deserializer in `reader`, and what it hands out in `parts`
//! and `variant`.

mod parts;
mod reader;
mod variant;

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;

use serde::de::{DeserializeOwned, Error};

use super::path::{Path, Step};
use super::trace::{Event, Trace};
use crate::error::{PayloadCause, PayloadError};
use reader::Reader;

/// Compares `trace` with what `T` reads.
pub(super) fn compare<T: DeserializeOwned>(trace: &Trace) -> Result<(), Mismatch> {
    let mut by_position = Reading::new(trace, Order::Position);
    let result = by_position.run::<T>();
    let doubt = by_position.doubt.take();
    if doubt.is_none() && by_position.marks.get_mut().is_empty() {
        return result;
    }
    let by_name = Reading {
        marks: by_position.marks,
        ..Reading::new(trace, Order::Name)
    };
    match (result, by_name.run::<T>(), doubt) {
        (Ok(()), result, _) => result,
        // A field that is not written shifts what follows it, and only the names tell which it is.
        (Err(_), Ok(()), Some(path)) => {
            Err(PayloadError::new(path, PayloadCause::NotWritten).into())
        }
        (Err(_), Err(by_name), Some(_)) => Err(by_name),
        (Err(error), _, _) => Err(error),
    }
}

/// The value that `trace` reads as by position, if nothing differs.
pub(super) fn by_position<T: DeserializeOwned>(trace: &Trace) -> Option<T> {
    let reading = Reading::new(trace, Order::Position);
    let value = T::deserialize(Reader(&reading)).ok()?;
    reading.fault.borrow().is_none().then_some(value)
}

/// Where in `T` the event `at` is read.
pub(super) fn path_of<T: DeserializeOwned>(trace: &Trace, at: usize) -> String {
    let mut trace = trace.clone();
    trace.events.truncate(at);
    let reading = Reading::new(&trace, Order::Position);
    // It fails for want of that event, and stays there.
    let _ = T::deserialize(Reader(&reading));
    reading.path.print()
}

/// What was found, and what may explain it further.
#[derive(Debug)]
pub(super) struct Mismatch {
    pub(super) error: PayloadError,
    /// Of a variant that is not read by its name: its event, and the name that has its number.
    pub(super) in_place: Option<(usize, &'static str)>,
}

impl From<PayloadError> for Mismatch {
    fn from(error: PayloadError) -> Self {
        let in_place = None;
        Self { error, in_place }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Position,
    Name,
}

/// A comparison under way.
struct Reading<'t> {
    trace: &'t Trace,
    order: Order,
    next: Cell<usize>,
    path: Path,
    fault: RefCell<Option<Mismatch>>,
    /// By position: what each variant's number was read as. By name: the same, to compare with.
    marks: RefCell<Vec<u64>>,
    variants: Cell<usize>,
    /// A field that may not be written, in a struct of which more names are read than written: an
    /// alias has a name there, too.
    doubt: RefCell<Option<String>>,
}

/// That the comparison has failed. Why is in [`Reading::fault`], unless the type itself refused.
#[derive(Debug)]
enum Fault {
    Found,
    /// By the type, which misses a field of this name.
    Missing(&'static str),
    /// By the type, for a reason of its own. Its message may hold the application's data.
    Refused,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the payload is refused")
    }
}

impl core::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Refused
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

impl<'t> Reading<'t> {
    fn new(trace: &'t Trace, order: Order) -> Self {
        Self {
            trace,
            order,
            next: Cell::new(0),
            path: Path::default(),
            fault: RefCell::default(),
            marks: RefCell::default(),
            variants: Cell::new(0),
            doubt: RefCell::default(),
        }
    }

    fn run<T: DeserializeOwned>(&self) -> Result<(), Mismatch> {
        let value = T::deserialize(Reader(self)).map(|_| ());
        if let Some(found) = self.fault.borrow_mut().take() {
            // Even if the application's code went on after it.
            return Err(found);
        }
        let cause = match value {
            Ok(()) => match self.rest() {
                None => return Ok(()),
                Some(event) => {
                    self.path.cut(0);
                    PayloadCause::KindDiffers {
                        written: event.kind(),
                        read: "nothing",
                    }
                }
            },
            Err(Fault::Missing(field)) => {
                self.path.enter(self.path.len(), Step::Field(field));
                PayloadCause::NotWritten
            }
            Err(Fault::Found | Fault::Refused) => PayloadCause::Rejected,
        };
        Err(PayloadError::new(self.path.print(), cause).into())
    }

    fn fail(&self, cause: PayloadCause) -> Fault {
        self.fault
            .borrow_mut()
            .get_or_insert_with(|| PayloadError::new(self.path.print(), cause).into());
        Fault::Found
    }

    fn fail_at(&self, step: Step, cause: PayloadCause) -> Fault {
        self.path.enter(self.path.len(), step);
        self.fail(cause)
    }

    fn differs(&self, event: Option<Event>, read: &'static str) -> Fault {
        let written = event.map_or("nothing", |event| event.kind());
        self.fail(PayloadCause::KindDiffers { written, read })
    }

    fn peek(&self) -> Option<Event> {
        self.trace.events.get(self.next.get()).copied()
    }

    fn advance(&self) {
        self.next.set(self.next.get().saturating_add(1));
    }

    /// Whether `event` takes no byte.
    fn is_empty(&self, event: Event) -> bool {
        match event {
            Event::Unit | Event::Tuple(0) => true,
            Event::Struct(place) => self.trace.names(place).is_empty(),
            _ => false,
        }
    }

    /// The next event that takes bytes. A type need not read what has none.
    fn take(&self) -> Option<Event> {
        let event = self.rest();
        self.advance();
        event
    }

    /// Goes into the next part, if all of the one before was read.
    fn begin_part(&self, base: usize, step: Step) -> Result<(), Fault> {
        self.end_part()?;
        self.advance();
        self.path.enter(base, step);
        Ok(())
    }

    /// Goes out of the last part, if all of it was read.
    fn end_parts(&self, base: usize) -> Result<(), Fault> {
        self.end_part()?;
        self.path.cut(base);
        Ok(())
    }

    fn end_part(&self) -> Result<(), Fault> {
        match self.rest() {
            None | Some(Event::Part) => Ok(()),
            event => Err(self.differs(event, "nothing")),
        }
    }

    /// Steps over what takes no byte. What is read as nothing leaves it for the end of its part.
    fn rest(&self) -> Option<Event> {
        loop {
            match self.peek() {
                Some(event) if self.is_empty(event) => self.advance(),
                event => return event,
            }
        }
    }

    /// The next event, for a tuple or struct. One without parts is not stepped over: it may be this
    /// very struct, all of whose fields were left out.
    fn take_parts(&self) -> Option<Event> {
        while self.peek() == Some(Event::Unit) {
            self.advance();
        }
        let event = self.peek();
        self.advance();
        event
    }
}

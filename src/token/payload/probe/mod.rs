//! What does a type read, whatever its values? A deserializer that makes values up, and watches what
//! is asked for.
//!
//! An empty map of `serde_json::Value` is sealed without a word, and the first entry then fails in
//! production. So a type is asked when a codec is built: its `Deserialize` runs over made-up values,
//! once for each variant of each enum in it, first with an element in every sequence and then with
//! none. Each whole value that comes of it is also checked as a sealed one would be.
//!
//! It is a search and no proof. A type that takes none of the values offered is not looked into any
//! further, and that is no error. Nor can it run for long: [`MAX_STEPS`] bound it.
//!
//! The search is here, and what it remembers; `reader` is the deserializer, and `parts` what it hands
//! out.

mod made_up;
mod parts;
mod reader;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;

use serde::Serialize;
use serde::de::{DeserializeOwned, Error};
use sha2::{Digest, Sha256};

use super::path::Path;
use crate::error::{PayloadCause, PayloadError};
use reader::Reader;

/// Things asked for in one search: some milliseconds at the most.
const MAX_STEPS: u32 = 1 << 14;

/// Runs of a type's `Deserialize` in one search.
const MAX_RUNS: u32 = 1 << 10;

const MAX_DEPTH: u32 = super::guard::MAX_DEPTH;

/// Looks for what `T` cannot have in a session, in any value of it.
pub(super) fn check<T: Serialize + DeserializeOwned>() -> Result<(), PayloadError> {
    let mut probe = Probe::default();
    probe.search::<T>(&|value| match super::check_value(value) {
        Err(error) if is_of_the_type(error.cause()) => Err(error),
        _ => Ok(()),
    })
}

/// Eight bytes that stand for the names, kinds and order of all that `T` reads.
pub(super) fn fingerprint<T: DeserializeOwned>() -> Result<[u8; 8], PayloadError> {
    let mut probe = Probe::default();
    probe.search::<T>(&|_| Ok(()))?;
    let mut digest = Sha256::new();
    for line in probe.layout.take() {
        digest.update(line.as_bytes());
        digest.update(b"\n");
    }
    let digest: [u8; 32] = digest.finalize().into();
    Ok(digest.first_chunk().copied().unwrap_or_default())
}

/// Whether a made-up value shows a fault of its type, and not of itself.
const fn is_of_the_type(cause: &PayloadCause) -> bool {
    !matches!(
        cause,
        PayloadCause::Serialize
            | PayloadCause::Rejected
            | PayloadCause::TooDeep
            | PayloadCause::TooManyEmpty
    )
}

/// What a search knows.
#[derive(Default)]
struct Probe {
    /// Whether options and sequences are empty in this round.
    empty: bool,
    steps: Cell<u32>,
    found: RefCell<Option<PayloadError>>,
    /// A line for each place and what is read there.
    layout: RefCell<BTreeSet<String>>,
    enums: RefCell<BTreeMap<&'static str, Variants>>,
    /// Names that are one field with a name before them, by type and variant.
    aliases: RefCell<BTreeSet<((&'static str, &'static str), &'static str)>>,
    /// Types and variants whose fields are read by position alone.
    nameless: RefCell<BTreeSet<(&'static str, &'static str)>>,
    /// Which of the values made up is offered at a place, after others were refused.
    offers: RefCell<BTreeMap<String, usize>>,

    // Of the present run.
    path: Path,
    depth: Cell<u32>,
    /// The types within which the present place is, for types that contain themselves.
    within: RefCell<Vec<&'static str>>,
    /// The enums among them, each with the variant chosen.
    choices: RefCell<Vec<(&'static str, usize)>>,
    /// The last value offered, and how many there are for its place.
    last_offer: RefCell<Option<(String, usize)>>,
    /// Whether the next run will differ from this one.
    learnt: Cell<bool>,
    new_variant: Cell<bool>,
}

/// What is known of an enum.
#[derive(Clone, Default)]
struct Variants {
    /// The next variant that was not tried.
    next: usize,
    /// A variant that does not contain its own enum.
    closed: Option<usize>,
    /// Variants within which another enum has variants not tried.
    pending: BTreeSet<usize>,
    opened: u32,
}

/// The end of a run.
#[derive(Debug)]
struct Halt;

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a made-up value was refused")
    }
}

impl core::error::Error for Halt {}

impl Error for Halt {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl Probe {
    /// Runs until nothing new is to be learnt. Each value that `T` takes is given to `check`.
    fn search<T: DeserializeOwned>(
        &mut self,
        check: &dyn Fn(&T) -> Result<(), PayloadError>,
    ) -> Result<(), PayloadError> {
        for empty in [false, true] {
            self.empty = empty;
            self.enums.take();
            for _ in 0..MAX_RUNS {
                let before = self.enums.borrow().clone();
                let value = self.run::<T>();
                if let Some(found) = self.found.take() {
                    return Err(found);
                }
                let goes_on = match value {
                    Ok(value) => {
                        check(&value).map_err(as_type)?;
                        self.new_variant.get()
                    }
                    Err(Halt) if self.steps.get() >= MAX_STEPS => return Ok(()),
                    Err(Halt) if self.learnt.get() || self.offer_another() => {
                        // The same again, with what is known now.
                        self.enums.replace(before);
                        true
                    }
                    Err(Halt) => self.new_variant.get(),
                };
                if !goes_on {
                    break;
                }
            }
        }
        Ok(())
    }

    fn run<T: DeserializeOwned>(&mut self) -> Result<T, Halt> {
        self.path.cut(0);
        self.depth.set(0);
        self.within.take();
        self.choices.take();
        self.last_offer.take();
        self.learnt.set(false);
        self.new_variant.set(false);
        T::deserialize(Reader(self))
    }

    /// At the place of the last value offered, which was presumably refused.
    fn offer_another(&self) -> bool {
        let Some((place, count)) = self.last_offer.take() else {
            return false;
        };
        let mut offers = self.offers.borrow_mut();
        let next = offers.entry(place).or_default();
        *next = next.saturating_add(1);
        *next < count
    }

    /// Which of `count` values to offer here.
    fn offer(&self, count: usize) -> usize {
        let place = self.path.print();
        let offer = self.offers.borrow().get(&place).copied().unwrap_or(0);
        self.last_offer.replace(Some((place, count)));
        offer
    }

    fn fail(&self, cause: PayloadCause) -> Halt {
        self.found
            .borrow_mut()
            .get_or_insert_with(|| PayloadError::new(self.path.print(), cause));
        Halt
    }

    /// Notes that `kind` is read here.
    fn note(&self, kind: &str) -> Result<(), Halt> {
        let steps = self.steps.get().saturating_add(1);
        self.steps.set(steps);
        if steps >= MAX_STEPS {
            return Err(Halt);
        }
        let mut line = self.path.print();
        line.push(':');
        line.push_str(kind);
        self.layout.borrow_mut().insert(line);
        Ok(())
    }

    /// Runs `inner` within `type_name`, or within something nameless.
    fn nested<V>(
        &self,
        type_name: Option<&'static str>,
        inner: impl FnOnce() -> Result<V, Halt>,
    ) -> Result<V, Halt> {
        let depth = self.depth.get();
        if depth >= MAX_DEPTH {
            return Err(Halt);
        }
        self.depth.set(depth.saturating_add(1));
        let len = self.within.borrow().len();
        self.within.borrow_mut().extend(type_name);
        let value = inner();
        self.within.borrow_mut().truncate(len);
        self.depth.set(depth);
        value
    }

    /// Whether an option or sequence is to be empty here: in its round, or in a type within itself.
    fn stops(&self) -> bool {
        let within = self.within.borrow();
        self.empty
            || within.iter().enumerate().any(|(at, name)| {
                within
                    .iter()
                    .skip(at.saturating_add(1))
                    .any(|other| other == name)
            })
    }

    /// The variant to read of `count`.
    fn choose(&self, type_name: &'static str, count: usize) -> usize {
        let mut enums = self.enums.borrow_mut();
        let known = enums.entry(type_name).or_default();
        known.opened = known.opened.saturating_add(1);
        let variant = if known.next < count {
            let variant = known.next;
            known.next = variant.saturating_add(1);
            self.new_variant.set(true);
            variant
        } else if self.within.borrow().contains(&type_name) {
            known.closed.unwrap_or(0)
        } else {
            known.pending.pop_first().or(known.closed).unwrap_or(0)
        };
        if known.next < count {
            // Whatever leads here is to be chosen again.
            for (outer, chosen) in self.choices.borrow().iter() {
                enums.entry(outer).or_default().pending.insert(*chosen);
            }
        }
        self.choices.borrow_mut().push((type_name, variant));
        variant
    }

    fn opened(&self, type_name: &'static str) -> u32 {
        self.enums
            .borrow()
            .get(type_name)
            .map_or(0, |known| known.opened)
    }

    /// That `variant` could be read, and contains its own enum not more often than `opened`.
    fn close(&self, type_name: &'static str, variant: usize, opened: u32) {
        if let Some(known) = self.enums.borrow_mut().get_mut(type_name)
            && known.opened == opened
        {
            known.closed.get_or_insert(variant);
        }
    }
}

/// The error of a value that was made up, whose sequences have one element at the most.
fn as_type(error: PayloadError) -> PayloadError {
    PayloadError::new(error.path().replace("[0]", "[]"), *error.cause())
}

//! Which type of session goes by which cookie: one type for each name and audience in a process.
//!
//! The encoding has no field names, so another type's session could decode as one's own: a visitor's
//! basket as a signed-in account. The keys are derived for audience and cookie name, so two types under
//! different names never open as each other; this refuses two types under the same one. A place is free
//! again when the last codec that has it is dropped. Without `std` there is no such list.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::{TypeId, type_name};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::BuildError;
use crate::revocation::Ended;

/// A type's place in the list, held by every codec that was built with it and by their clones.
#[derive(Clone)]
pub(super) struct Registration {
    ended: Arc<Ended>,
    #[expect(dead_code, reason = "gives the place back when dropped")]
    place: Arc<Place>,
}

struct Place {
    audience: String,
    cookie_name: String,
}

impl Registration {
    /// Takes the place of `audience` and `cookie_name` for `T`.
    pub(super) fn of<T: 'static>(audience: &str, cookie_name: &str) -> Result<Self, BuildError> {
        let this = (TypeId::of::<T>(), type_name::<T>());
        let ended = take(&mut taken(), audience, cookie_name, this)?;
        Ok(Self {
            ended,
            place: Arc::new(Place {
                audience: audience.into(),
                cookie_name: cookie_name.into(),
            }),
        })
    }

    /// Which sessions of this audience and cookie were signed out in this process, whoever was asked.
    pub(super) const fn ended(&self) -> &Arc<Ended> {
        &self.ended
    }
}

fn take(
    taken: &mut Vec<Entry>,
    audience: &str,
    cookie_name: &str,
    (data, type_name): (TypeId, &'static str),
) -> Result<Arc<Ended>, BuildError> {
    let mut entries = taken.iter_mut();
    let Some(entry) = entries.find(|entry| entry.is_for(audience, cookie_name)) else {
        let ended = Arc::new(Ended::default());
        taken.push(Entry {
            audience: audience.into(),
            cookie_name: cookie_name.into(),
            data,
            type_name,
            uses: 1,
            ended: Arc::clone(&ended),
        });
        return Ok(ended);
    };
    if entry.data != data && entry.uses > 0 {
        return Err(BuildError::NameTaken {
            this: type_name,
            other: entry.type_name,
        });
    }
    (entry.data, entry.type_name) = (data, type_name);
    entry.uses = entry.uses.saturating_add(1);
    Ok(Arc::clone(&entry.ended))
}

impl Drop for Place {
    fn drop(&mut self) {
        taken().retain_mut(|entry| {
            if entry.is_for(&self.audience, &self.cookie_name) {
                entry.uses = entry.uses.saturating_sub(1);
            }
            // What was signed out stays so, whatever is built anew.
            entry.uses > 0 || !entry.ended.is_empty()
        });
    }
}

struct Entry {
    audience: String,
    cookie_name: String,
    data: TypeId,
    type_name: &'static str,
    uses: usize,
    ended: Arc<Ended>,
}

impl Entry {
    fn is_for(&self, audience: &str, cookie_name: &str) -> bool {
        self.audience == audience && self.cookie_name == cookie_name
    }
}

/// Few, and looked at only when a codec is built or dropped.
static TAKEN: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

fn taken() -> MutexGuard<'static, Vec<Entry>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

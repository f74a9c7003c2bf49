//! Which type of session goes by which cookie: one type for each name and audience, for the life of the
//! process.
//!
//! The encoding has no field names, so another type's session could decode as one's own: a visitor's
//! basket as a signed-in account. The keys are derived for audience and cookie name, so two types
//! under different names never open as each other; this refuses two types under the same one. Without
//! `std` there is no such list.
//!
//! Beside each place stands what was done in this process to single sessions, so that all sessions of
//! one audience and cookie know of it, also those that are built later.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use core::any::{TypeId, type_name};
use std::sync::{Mutex, PoisonError};

use crate::error::BuildError;
use crate::revocation::InThisProcess;

/// A type that goes by a cookie.
struct Entry {
    data: TypeId,
    type_name: &'static str,
    in_this_process: Arc<InThisProcess>,
}

/// By audience and cookie name. Few, and looked at only when a codec is built.
static TAKEN: Mutex<BTreeMap<(String, String), Entry>> = Mutex::new(BTreeMap::new());

/// Takes the place of `audience` and `cookie_name` for `T`.
pub(super) fn register<T: 'static>(
    audience: &str,
    cookie_name: &str,
) -> Result<Arc<InThisProcess>, BuildError> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let place = (audience.into(), cookie_name.into());
    let entry = taken.entry(place).or_insert_with(|| Entry {
        data: TypeId::of::<T>(),
        type_name: type_name::<T>(),
        in_this_process: Arc::default(),
    });
    if entry.data == TypeId::of::<T>() {
        Ok(Arc::clone(&entry.in_this_process))
    } else {
        Err(BuildError::NameTaken {
            this: type_name::<T>(),
            other: entry.type_name,
        })
    }
}

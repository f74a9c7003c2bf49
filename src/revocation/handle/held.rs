//! [`Held`]: the state that a process holds, and what the answer of a load makes of it. Pure. Spec,
//! section 7, "Age".

use alloc::sync::Arc;

use super::super::document::MARK_LEN;
use super::super::error::RefreshError;
use super::super::state::RevocationState;
use super::super::store::Version;
use crate::runtime::clock::Moment;

/// The first bytes of a document: its key's id, and a nonce that no two documents share.
pub(super) type Mark = [u8; MARK_LEN];

/// The mark of a document; zeros where it is too short to be one.
pub(super) fn mark(document: &[u8]) -> Mark {
    document.first_chunk().copied().unwrap_or([0; MARK_LEN])
}

/// A state, the document that it came from, and as of when it is known.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(super) state: Arc<RevocationState>,
    /// None where the state is not from a store.
    pub(super) version: Option<Version>,
    /// Names the document among all others, and its key.
    pub(super) mark: Mark,
    /// When the load or write began that brought it, or the last that confirmed it.
    pub(super) as_of: Moment,
}

impl Held {
    /// A state that is not from a store, and never ages.
    pub(super) fn local(state: RevocationState) -> Self {
        Self {
            state: Arc::new(state),
            version: None,
            mark: [0; MARK_LEN],
            as_of: Moment::default(),
        }
    }
}

/// What a load, or a write of one's own, found.
#[derive(Debug)]
pub(super) enum Found {
    Absent,
    /// The document is still the one that is held.
    Still,
    State {
        state: RevocationState,
        version: Version,
        mark: Mark,
    },
}

/// What is held after `found`, the answer to what began at `begun`. Calls follow one another, so none is
/// late.
///
/// # Errors
///
/// [`RefreshError`]; then what was held before stays.
pub(super) fn after(
    held: Option<&Held>,
    begun: Moment,
    found: Found,
) -> Result<Held, RefreshError> {
    match (held, found) {
        // A process that has held a state takes "absent" for "unreachable".
        (Some(held), Found::Absent) => Err(RefreshError::Lost {
            held: held.state.clock(),
        }),
        (None, Found::Absent | Found::Still) => Err(RefreshError::NoStore),
        (Some(held), Found::Still) => Ok(Held {
            as_of: begun,
            ..held.clone()
        }),
        (
            held,
            Found::State {
                state,
                version,
                mark,
            },
        ) => {
            if let Some(held) = held
                && !follows(&held.state, &state)
            {
                return Err(RefreshError::RolledBack {
                    held: held.state.clock(),
                    found: state.clock(),
                });
            }
            Ok(Held {
                state: Arc::new(state),
                version: Some(version),
                mark,
                as_of: begun,
            })
        }
    }
}

/// Whether `state` is `former`, or comes after it in the line of one store. One clock has one state.
pub(super) fn follows(former: &RevocationState, state: &RevocationState) -> bool {
    state == former || (state.clock() > former.clock() && state.succeeds(former))
}

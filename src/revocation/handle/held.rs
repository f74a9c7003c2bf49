//! [`Held`]: the state that a process holds, and what the answer of a load makes of it. Pure. Spec,
//! section 7, "Age".

use alloc::sync::Arc;

use super::super::document::MARK_LEN;
use super::super::error::RefreshError;
use super::super::state::RevocationState;
use super::super::store::Version;
use crate::runtime::clock::Moment;
use crate::time::Epoch;

/// Orders what a process begins and takes; never what clocks show.
pub(super) type Turn = u64;

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
    /// The turn of that load or write.
    pub(super) begun: Turn,
    /// When it was taken.
    pub(super) taken: Turn,
}

impl Held {
    /// A state that is not from a store, and never ages.
    pub(super) fn local(state: RevocationState) -> Self {
        Self {
            state: Arc::new(state),
            version: None,
            mark: [0; MARK_LEN],
            as_of: Moment::default(),
            begun: 0,
            taken: 0,
        }
    }
}

/// What a load, or a write of one's own, found.
#[derive(Debug)]
pub(super) enum Found {
    Absent,
    /// The document is still this one.
    Still(Version),
    State {
        state: RevocationState,
        version: Version,
        mark: Mark,
    },
}

/// The beginning of a load or a write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    pub(super) turn: Turn,
    pub(super) at: Moment,
}

/// What is held after `found`, the answer to what began at `begun`. None: what was held before.
///
/// # Errors
///
/// [`RefreshError`]; then, too, what was held before stays.
pub(super) fn after(
    held: Option<&Held>,
    begun: Begun,
    found: Found,
    taken: Turn,
) -> Result<Option<Held>, RefreshError> {
    match (held, found) {
        // A process that has held a state takes "absent" for "unreachable".
        (Some(held), Found::Absent) => Err(RefreshError::Lost {
            held: held.state.clock(),
        }),
        (None, Found::Absent | Found::Still(_)) => Err(RefreshError::NoStore),
        (Some(held), Found::Still(version)) => {
            // Of an earlier document than the one now held, or of an earlier moment: no news.
            let news = held.version.as_ref() == Some(&version) && begun.turn > held.begun;
            Ok(news.then(|| Held {
                as_of: begun.at,
                begun: begun.turn,
                ..held.clone()
            }))
        }
        (
            held,
            Found::State {
                state,
                version,
                mark,
            },
        ) => match held.map(|held| follows(held, begun, &state)) {
            Some(Follows::Late) => Ok(None),
            Some(Follows::Not { held }) => Err(RefreshError::RolledBack {
                held,
                found: state.clock(),
            }),
            Some(Follows::Yes) | None => {
                // An earlier beginning makes nothing older: what is newer than the state held is as
                // late as that.
                let (at, turn) = match held {
                    Some(held) if held.begun > begun.turn => (held.as_of, held.begun),
                    _ => (begun.at, begun.turn),
                };
                Ok(Some(Held {
                    state: Arc::new(state),
                    version: Some(version),
                    mark,
                    as_of: at,
                    begun: turn,
                    taken,
                }))
            }
        },
    }
}

enum Follows {
    Yes,
    /// An answer from before what is held was taken.
    Late,
    Not {
        held: Epoch,
    },
}

/// Whether `state` comes after the state held in the line of one store.
fn follows(held: &Held, begun: Begun, state: &RevocationState) -> Follows {
    let former = &*held.state;
    if *state == *former {
        if begun.turn > held.begun {
            Follows::Yes
        } else {
            Follows::Late
        }
    } else if state.clock() > former.clock() && state.succeeds(former) {
        Follows::Yes
    } else if begun.turn < held.taken && state.clock() < former.clock() && former.succeeds(state) {
        Follows::Late
    } else {
        // Behind, or of the same clock and yet another: one clock has one state.
        Follows::Not {
            held: former.clock(),
        }
    }
}

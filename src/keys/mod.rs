//! Root keys, their schedule, and how both change while servers run.
//!
//! - `key`: one secret; `ring`: several, and which of them seals when;
//! - `rotation`: what a deploy of a ring would lose, and the next ring;
//! - `live`: a ring that follows a file or another source.

pub(crate) mod key;
#[cfg(feature = "std")]
pub(crate) mod live;
pub(crate) mod ring;
pub(crate) mod rotation;

//! Logging out a session before it expires. Spec, section 7.
//!
//! - `scope`: what can be logged out at once, and how a session names it;
//! - `table`: revoked scopes, compact, with a look-up that costs the same at every size;
//! - `state`: clock, floor and that table, and the verdict on a session; pure;
//! - `change`: what moves a state forward; pure;
//! - `view`: a state as one request sees it, with the verdict on its freshness;
//! - `handle` (`std`): the shared state that [`Sessions`](crate::Sessions) reads without a lock.
//!
//! Stores that several servers share have their place behind the handle.

mod change;
mod document;
#[cfg(feature = "std")]
mod handle;
mod scope;
mod state;
mod table;
mod view;

pub use change::{Applied, ChangeError, RevocationChange};
pub use document::{DocumentCodec, DocumentError};
#[cfg(feature = "std")]
pub use handle::Revocations;
pub use scope::{Scope, ScopeError, ScopeId, Scopes};
pub use state::{RevocationState, StateError};
pub use view::RevocationView;

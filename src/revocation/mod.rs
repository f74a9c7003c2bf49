//! Logging out a session before it expires. Spec, section 7.
//!
//! - `scope`: what can be logged out at once, and how a session names it;
//! - `state`: clock, floor and revoked scopes; pure;
//! - `view`: a state as one request sees it, with the verdict on its freshness;
//! - `handle` (`std`): the shared state that [`Sessions`](crate::Sessions) reads without a lock.
//!
//! Stores that several servers share have their place behind the handle.

#[cfg(feature = "std")]
mod handle;
mod scope;
mod state;
mod view;

#[cfg(feature = "std")]
pub use handle::Revocations;
pub use scope::{Scope, ScopeError, ScopeId, Scopes};
pub use state::{RevocationState, StateError};
pub use view::RevocationView;

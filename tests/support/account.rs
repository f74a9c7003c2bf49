//! The session type of the vectors: see `tests/vectors/VECTORS.md`.

use sealed_session::{ScopeKind, Scopes, SessionData};
use serde::{Deserialize, Serialize};

pub(crate) const USER: ScopeKind<u64> = ScopeKind::new("user");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) user: u64,
    pub(crate) name: String,
    pub(crate) roles: Vec<String>,
}

impl SessionData for Account {
    const NAME: &'static str = "session";
    const SCHEMA: u32 = 1;

    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user);
    }
}

/// A session of 16 bytes.
pub(crate) fn typical() -> Account {
    Account {
        user: 69_245,
        name: "alice".into(),
        roles: vec!["admin".into()],
    }
}

/// A session whose payload takes `len` bytes, 5 at the least.
pub(crate) fn of_len(len: usize) -> Account {
    // user: 1 byte; name: 1 or 2 bytes of length; roles: 1 byte.
    let overhead = if len <= 3 + 127 { 3 } else { 4 };
    Account {
        user: 7,
        name: "x".repeat(len - overhead),
        roles: Vec::new(),
    }
}

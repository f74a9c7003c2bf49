//! Real servers for the tests of the revocation stores, started on loopback: an S3 server within the process, Redis and
//! PostgreSQL as they are installed, and a way to cut the connections to them.

#[doc(hidden)]
pub mod app;
pub mod forwarder;
pub mod postgres;
pub mod process;
pub mod redis;
pub mod s3;

/// What the code of docs/REVOCATION.md takes for granted.
#[doc(hidden)]
pub mod guide {
    pub use std::time::Duration;

    pub use sealed_session::{
        BucketStore, Epoch, FileStore, KeyRing, PostgresStore, RedisStore, Revocations, ScopeKind,
        Scopes, SessionData, Sessions,
    };

    pub type Guide = Result<(), Box<dyn std::error::Error>>;

    #[derive(serde::Serialize, serde::Deserialize)]
    pub struct Account {
        pub user: u64,
    }

    impl SessionData for Account {
        const NAME: &'static str = "account";
        const SCHEMA: u32 = 1;

        fn scopes(&self, scopes: &mut Scopes<'_>) {
            scopes.add(USER, self.user);
        }
    }

    pub const USER: ScopeKind<u64> = ScopeKind::new("user");

    pub fn check_password() -> Result<Account, std::fmt::Error> {
        Ok(Account { user: 42 })
    }
}

/// Its code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/REVOCATION.md")]
struct Revocation;

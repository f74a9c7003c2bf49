//! A codec, its keys and its surroundings, with settings to vary.

use std::time::Duration;

use sealed_session::{
    Codec, Context, Epoch, Key, KeyRing, OpenErrorKind, Protection, Randomness, RevocationState,
    RevocationView, Session, SessionData, UnixTime,
};

use crate::account::Account;
use crate::oracle::{self, OracleClaims};

pub(crate) const NOW: u64 = 1_795_348_800;
pub(crate) const EPOCH: u64 = NOW * 1000;
pub(crate) const BOTH: [Protection; 2] = [Protection::Encrypted, Protection::Signed];

pub(crate) fn secret(seed: u8) -> [u8; 32] {
    std::array::from_fn(|i| (i as u8).wrapping_mul(7).wrapping_add(seed))
}

pub(crate) fn key(seed: u8) -> Key {
    Key::from_bytes(&secret(seed)).unwrap()
}

pub(crate) fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

pub(crate) fn random(seed: u8) -> Randomness {
    Randomness::dangerous_from_bytes(secret(seed))
}

/// Everything that a token depends on.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) audience: String,
    pub(crate) cookie_name: String,
    pub(crate) binding: Vec<u8>,
    pub(crate) protection: Protection,
    pub(crate) accept_both: bool,
    pub(crate) key: u8,
    pub(crate) idle: u64,
    pub(crate) absolute: u64,
    pub(crate) skew: u64,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            audience: "shop.example".into(),
            cookie_name: "__Host-session".into(),
            binding: Vec::new(),
            protection: Protection::Encrypted,
            accept_both: false,
            key: 1,
            idle: 1800,
            absolute: 43_200,
            skew: 60,
        }
    }
}

impl Setting {
    pub(crate) fn of(protection: Protection) -> Self {
        Self {
            protection,
            accept_both: true,
            ..Self::default()
        }
    }

    /// An audience of the type's own: no two types have one cookie and audience.
    pub(crate) fn of_type<T>() -> Self {
        Self {
            audience: std::any::type_name::<T>().into(),
            accept_both: true,
            ..Self::default()
        }
    }

    /// An audience of one test's own.
    pub(crate) fn of_test(name: &str) -> Self {
        Self {
            audience: name.into(),
            accept_both: true,
            ..Self::default()
        }
    }

    pub(crate) fn codec_of<T: SessionData>(&self) -> Codec<T> {
        let ring = KeyRing::from_key(key(self.key));
        let mut builder = Codec::builder(&self.audience, &ring)
            .cookie_name(&self.cookie_name)
            .protection(self.protection)
            .idle_timeout(Duration::from_secs(self.idle))
            .absolute_timeout(Duration::from_secs(self.absolute))
            .skew(Duration::from_secs(self.skew))
            .dangerous_any_times();
        if self.accept_both {
            builder = builder.accept_both_protections();
        }
        builder.build().unwrap()
    }

    pub(crate) fn codec(&self) -> Codec<Account> {
        self.codec_of()
    }

    pub(crate) fn seal(&self, value: &Account) -> String {
        let state = RevocationState::fixed(Epoch::from_millis(EPOCH));
        let context = Context::new(at(NOW), RevocationView::current(&state));
        self.codec()
            .start(value, &context.with_binding(&self.binding), random(3))
            .unwrap()
            .into_value()
    }

    pub(crate) fn open(&self, value: impl AsRef<[u8]>) -> Result<Account, OpenErrorKind> {
        open_with(&self.codec(), value, NOW, &self.binding).map(Session::into_value)
    }

    /// A token around any body at all, made by the oracle under these settings.
    pub(crate) fn forge(&self, body: &[u8]) -> String {
        let keys = oracle::derive(&secret(self.key), &self.audience, &self.cookie_name);
        let first_byte = match self.protection {
            Protection::Encrypted => oracle::ENCRYPTED,
            Protection::Signed => oracle::SIGNED,
        };
        let token = oracle::seal(&keys, first_byte, &self.binding, &[9; 32], body);
        oracle::base64url(&token)
    }

    /// A token of these claims, with the typical session.
    pub(crate) fn forge_claims(&self, claims: &OracleClaims) -> String {
        self.forge_payload(
            claims,
            &hex::decode("fd9c0405616c696365010561646d696e").unwrap(),
        )
    }

    pub(crate) fn forge_payload(&self, claims: &OracleClaims, payload: &[u8]) -> String {
        self.forge(&[claims.encode(), payload.to_vec()].concat())
    }
}

/// Opens under a fixed epoch, so that only what the test varies decides.
pub(crate) fn open_with<T: SessionData>(
    codec: &Codec<T>,
    value: impl AsRef<[u8]>,
    now: u64,
    binding: &[u8],
) -> Result<Session<T>, OpenErrorKind> {
    let state = RevocationState::fixed(Epoch::from_millis(0));
    let context = Context::new(at(now), RevocationView::current(&state)).with_binding(binding);
    codec.open(value, &context).map_err(|error| error.kind())
}

/// Claims that are valid at `NOW`.
pub(crate) fn claims() -> OracleClaims {
    OracleClaims {
        schema: 1,
        epoch: EPOCH,
        session_id: *b"8 bytes!",
        started_at: NOW,
        issued_at: NOW,
        expires_at: NOW + 1800,
    }
}

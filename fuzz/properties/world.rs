//! Keys, tokens and readers that the properties share. All of it is fixed, so that a crash repeats.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::Arbitrary;
use sealed_session::{
    Codec, Context, Epoch, Key, KeyRing, Protection, Randomness, RevocationState, RevocationView,
    RingKey, Scope, SessionData, UnixTime,
};

use crate::account::Account;
use crate::oracle::{self, OracleClaims};

pub(super) const NOW: u64 = 1_795_348_800;
pub(super) const AUDIENCE: &str = "shop.example";
pub(super) const COOKIE_NAME: &str = "__Host-session";
pub(super) const BOTH: [Protection; 2] = [Protection::Encrypted, Protection::Signed];

pub(super) fn secret(seed: u8) -> [u8; 32] {
    std::array::from_fn(|i| (i as u8).wrapping_mul(7).wrapping_add(seed))
}

/// Two keys: the first seals, the second is past its end.
pub(super) fn ring() -> KeyRing {
    let key = |seed| Key::from_bytes(&secret(seed)).unwrap();
    let retired = RingKey::new(key(2)).with_open_until(UnixTime::from_secs(NOW));
    let sealing = RingKey::new(key(1)).with_seal_from(UnixTime::from_secs(1));
    KeyRing::new([retired, sealing]).unwrap()
}

pub(super) fn codec<T: SessionData>(protection: Protection) -> Codec<T> {
    Codec::builder(AUDIENCE, &ring())
        .cookie_name(&cookie_name::<T>())
        .protection(protection)
        .accept_both_protections()
        .build()
        .unwrap()
}

/// The cookie of a type: another type has another.
pub(super) fn cookie_name<T: SessionData>() -> String {
    // Several have one name: a test type around another.
    let of = std::any::type_name::<T>();
    let is_of_name = |c: char| c.is_ascii_alphanumeric();
    let of: String = of
        .chars()
        .map(|c| if is_of_name(c) { c } else { '-' })
        .collect();
    if T::NAME == "of" {
        format!("__Host-{of}")
    } else {
        format!("__Host-{}", T::NAME)
    }
}

pub(super) static CODECS: LazyLock<[Codec<Account>; 2]> = LazyLock::new(|| BOTH.map(codec));
pub(super) static STATE: LazyLock<RevocationState> =
    LazyLock::new(|| RevocationState::fixed(Epoch::from_millis(NOW * 1000)));

pub(super) fn context() -> Context<'static> {
    Context::new(UnixTime::from_secs(NOW), RevocationView::current(&STATE))
}

/// Tokens that open, of both protections and several lengths.
pub(super) static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut tokens = Vec::new();
    for codec in CODECS.iter() {
        for len in [0, 1, 2, 30, 700] {
            let account = Account {
                user: 69_245,
                name: "n".repeat(len),
                roles: vec!["admin".into(); len % 3],
            };
            let random = Randomness::dangerous_from_bytes(secret(9));
            tokens.push(
                codec
                    .start(&account, &context(), random)
                    .unwrap()
                    .into_value(),
            );
        }
    }
    tokens
});

/// A body sealed under the first key, without a binding.
pub(super) fn forge<T: SessionData>(first_byte: u8, body: &[u8]) -> String {
    let keys = oracle::derive(&secret(1), AUDIENCE, &cookie_name::<T>());
    oracle::base64url(&oracle::seal(&keys, first_byte, b"", &[9; 32], body))
}

pub(super) fn fine_claims() -> OracleClaims {
    OracleClaims {
        schema: 1,
        epoch: NOW * 1000,
        session_id: *b"8 bytes!",
        started_at: NOW,
        issued_at: NOW,
        expires_at: NOW + 1800,
    }
}

/// A reader's settings and surroundings, to be mapped to both sides.
#[derive(Arbitrary, Debug)]
pub(super) struct ReaderInput {
    now: Near,
    idle_timeout: Near,
    absolute_timeout: Near,
    skew: u8,
    clock_behind_floor: u16,
    floor: Near,
    revoke_session: Option<u8>,
    revoke_user: Option<u8>,
    stale: bool,
    signed: bool,
    both: bool,
}

/// A number that is more often than not near one that matters.
#[derive(Arbitrary, Debug)]
enum Near {
    Now(i16),
    Millis(i16),
    Small(u16),
    Any(u64),
}

impl Near {
    fn value(&self) -> u64 {
        match self {
            Self::Now(by) => NOW.saturating_add_signed((*by).into()),
            Self::Millis(by) => (NOW * 1000).saturating_add_signed((*by).into()),
            Self::Small(number) => (*number).into(),
            Self::Any(number) => *number,
        }
    }
}

/// Opens `value` with the crate and with the oracle under the same settings, and compares.
pub(super) fn compare(input: &ReaderInput, value: &[u8]) {
    let floor = input.floor.value();
    let clock = floor.saturating_add(input.clock_behind_floor.into());
    let mut revoked = BTreeMap::new();
    for (scope, at) in [
        (oracle::scope("session", b"8 bytes!"), input.revoke_session),
        (oracle::scope("user", b"69245"), input.revoke_user),
    ] {
        if let Some(at) = at {
            revoked.insert(scope, clock.saturating_sub(at.into()));
        }
    }
    let protection = BOTH[usize::from(input.signed)];
    let mut accept = vec![1 + u8::from(input.signed)];
    if input.both {
        accept = vec![1, 2];
    }
    let reader = oracle::Reader {
        keys: vec![
            oracle::RootKey {
                secret: secret(2),
                seal_from: None,
                open_until: Some(NOW),
            },
            oracle::RootKey {
                secret: secret(1),
                seal_from: Some(1),
                open_until: None,
            },
        ],
        audience: AUDIENCE.into(),
        cookie_name: COOKIE_NAME.into(),
        accept,
        binding: Vec::new(),
        now: input.now.value(),
        idle_timeout: input.idle_timeout.value().max(1),
        absolute_timeout: input.absolute_timeout.value().max(1),
        skew: input.skew.into(),
        clock,
        floor,
        stale: input.stale,
        revoked: revoked.clone(),
        schema: 1,
    };
    let ring = ring();
    let mut builder = Codec::<Account>::builder(AUDIENCE, &ring)
        .protection(protection)
        .idle_timeout(Duration::from_secs(reader.idle_timeout))
        .absolute_timeout(Duration::from_secs(reader.absolute_timeout))
        .skew(Duration::from_secs(reader.skew))
        .dangerous_any_times();
    if input.both {
        builder = builder.accept_both_protections();
    }
    let entries = revoked
        .into_iter()
        .map(|(scope, at)| (Scope::from_bytes(scope), Epoch::from_millis(at)));
    let [clock, floor] = [clock, floor].map(Epoch::from_millis);
    let state = RevocationState::from_parts(clock, floor, entries).unwrap();
    let view = if input.stale {
        RevocationView::stale(&state)
    } else {
        RevocationView::current(&state)
    };
    let context = Context::new(UnixTime::from_secs(reader.now), view);
    let by_crate = builder.build().unwrap().open(value, &context);
    let by_oracle = reader.open(value);
    match (by_crate, by_oracle) {
        (Err(error), Err(kind)) => assert_eq!(format!("{:?}", error.kind()), kind),
        (Ok(session), Ok((claims, account))) => {
            assert_eq!(session.value(), &account);
            assert_eq!(OracleClaims::of(session.claims()), claims);
        }
        (by_crate, by_oracle) => panic!("{by_crate:?}, the oracle {by_oracle:?}"),
    }
}

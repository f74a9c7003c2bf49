//! What opening and refusing allocate, by a counting allocator. Obligation 27, and 28's bound.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/account.rs"]
mod account;
#[path = "facts/fixture.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod fixture;
#[path = "support/oracle.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod oracle;

use std::collections::{BTreeMap, HashMap};

use account::{Account, of_len, typical};
use allocation_counter::{AllocationInfo, measure};
use fixture::{BOTH, EPOCH, NOW, Setting, at, claims, key, random};
use oracle::OracleClaims;
use sealed_session::{
    Context, Epoch, KeyRing, OpenErrorKind, RevocationState, RevocationView, Scope, ScopeKind,
    Scopes, SessionData, SessionId, Sessions,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const USER: ScopeKind<u64> = ScopeKind::new("user");
const TENANT: ScopeKind<str> = ScopeKind::new("tenant");

fn allocations(call: impl FnOnce()) -> u64 {
    measure(call).count_total
}

/// A session that needs no heap.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Plain {
    user: u64,
    flags: [bool; 30],
}

impl SessionData for Plain {
    const NAME: &'static str = "session";
    const SCHEMA: u32 = 1;

    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user).add(TENANT, "a tenant");
    }
}

/// No two types have one cookie.
fn plain_setting(setting: &Setting) -> Setting {
    Setting {
        cookie_name: "__Host-plain".into(),
        ..setting.clone()
    }
}

fn busy_state() -> RevocationState {
    let entry = |user: u64| (Scope::new(USER, user), Epoch::from_millis(EPOCH));
    let clock = Epoch::from_millis(EPOCH);
    RevocationState::from_parts(clock, Epoch::ZERO, (100..1100).map(entry)).unwrap()
}

#[test]
fn opening_allocates_nothing_that_the_session_does_not_ask_for() {
    let state = busy_state();
    for protection in BOTH {
        for binding in [&b""[..], &[b'b'; 251]] {
            let setting = Setting::of(protection);
            let context = Context::new(at(NOW), RevocationView::current(&state));
            let context = context.with_binding(binding);

            let codec = plain_setting(&setting).codec_of::<Plain>();
            let plain = Plain {
                user: 7,
                flags: [true; 30],
            };
            let sealed = codec.start(&plain, &context, random(1)).unwrap();
            let count = allocations(|| assert!(codec.open(sealed.value(), &context).is_ok()));
            assert_eq!(count, 0, "{protection:?}");

            // A name, a list of roles, and one role; whatever the size.
            let codec = setting.codec();
            for account in [
                typical(),
                Account {
                    name: "n".repeat(2800),
                    ..typical()
                },
            ] {
                let sealed = codec.start(&account, &context, random(1)).unwrap();
                let info = measure(|| assert!(codec.open(sealed.value(), &context).is_ok()));
                assert_eq!(info.count_total, 3, "{protection:?}");
                assert_eq!(info.count_current, 0);
            }
        }
    }
}

#[test]
fn opening_through_sessions_with_a_thousand_revocations_allocates_nothing_more() {
    let revocations = sealed_session::Revocations::in_this_process().unwrap();
    for user in 100..1100 {
        let scope = Scope::new(USER, user);
        revocations.revoke(&[scope]).wait().unwrap();
    }
    let sessions = Sessions::<Plain>::builder("plain.example", &KeyRing::from_key(key(1)))
        .revocations(revocations.clone())
        .build()
        .unwrap();
    let set = sessions
        .start(&Plain {
            user: 7,
            flags: [true; 30],
        })
        .unwrap();
    let header = format!("a=1; {}; b=2", set.as_str().split(';').next().unwrap());
    // Newer than the session, so that its scopes are looked up.
    let other = Scope::new(USER, 1);
    revocations.revoke(&[other]).wait().unwrap();
    // The first use registers the thread with the swapped pointers.
    assert!(sessions.open(&header).is_ok());
    assert_eq!(allocations(|| assert!(sessions.open(&header).is_ok())), 0);
    let missing = allocations(|| assert!(sessions.open("a=1; b=2").is_err()));
    assert_eq!(missing, 0);
}

#[test]
fn opening_under_a_shared_state_allocates_nothing_more() {
    let ring = KeyRing::from_key(key(1));
    let folder = std::env::temp_dir().join(format!("allocations-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let store = sealed_session::FileStore::new(folder.join("revocations"));
    let revocations = sealed_session::Revocations::shared("plain.example", &ring, store);
    let revocations = revocations.build().unwrap();
    revocations.create_store().wait().unwrap();
    let sessions = Sessions::<Plain>::builder("plain.example", &ring)
        .cookie(sealed_session::CookieSettings::host("plain"))
        .revocations(revocations.clone())
        .build()
        .unwrap();
    let plain = Plain {
        user: 7,
        flags: [true; 30],
    };
    let set = sessions.start(&plain).unwrap();
    let header = format!("a=1; {}; b=2", set.as_str().split(';').next().unwrap());
    revocations.revoke_scope(USER, 1).wait().unwrap();
    assert!(sessions.open(&header).is_ok());
    assert_eq!(allocations(|| assert!(sessions.open(&header).is_ok())), 0);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn refusing_allocates_nothing_whatever_the_reason() {
    let state = RevocationState::fixed(Epoch::from_millis(EPOCH));
    let revoking = |scope| {
        let epoch = Epoch::from_millis(EPOCH + 1);
        RevocationState::from_parts(epoch, Epoch::ZERO, [(scope, epoch)]).unwrap()
    };
    let own = revoking(Scope::session(SessionId::from_bytes(*b"8 bytes!")));
    let user = revoking(Scope::new(USER, 69_245));
    let floor = RevocationState::fixed(Epoch::from_millis(EPOCH + 1));
    let current = RevocationView::current;
    for protection in BOTH {
        let setting = Setting::of(protection);
        let codec = setting.codec();
        let good = setting.forge_claims(&claims());
        let mut forged = good.clone().into_bytes();
        forged[60] ^= 1;
        let at_times = |issued_at, expires_at| {
            setting.forge_claims(&OracleClaims {
                started_at: issued_at,
                issued_at,
                expires_at,
                ..claims()
            })
        };
        let schema = setting.forge_claims(&OracleClaims {
            schema: 9,
            ..claims()
        });
        let retired = Setting {
            key: 2,
            ..setting.clone()
        }
        .seal(&typical());
        use OpenErrorKind as Kind;
        let cases: [(Kind, Vec<u8>, RevocationView<'_>); 16] = [
            (Kind::Malformed, vec![b'A'; 1 << 20], current(&state)),
            (Kind::Malformed, vec![0xff; 3000], current(&state)),
            (Kind::Malformed, b"".to_vec(), current(&state)),
            (Kind::Malformed, b"AQAAAA".to_vec(), current(&state)),
            (Kind::UnsupportedFormat, vec![b'A'; 4000], current(&state)),
            (Kind::UnknownKey, retired.into(), current(&state)),
            (Kind::Unauthentic, forged, current(&state)),
            (
                Kind::Malformed,
                setting.forge(b"\xff").into(),
                current(&state),
            ),
            (
                Kind::NotYetValid,
                at_times(NOW + 61, NOW + 62).into(),
                current(&state),
            ),
            (
                Kind::Expired,
                at_times(NOW - 1, NOW).into(),
                current(&state),
            ),
            (Kind::Revoked, good.clone().into(), current(&floor)),
            (Kind::Revoked, good.clone().into(), current(&own)),
            (
                Kind::StaleState,
                good.clone().into(),
                RevocationView::stale(&state),
            ),
            (Kind::UnsupportedSchema, schema.into(), current(&state)),
            (
                Kind::Payload,
                setting.forge_payload(&claims(), &[7, 0xff]).into(),
                current(&state),
            ),
            (
                Kind::Payload,
                setting.forge_payload(&claims(), &[7, 0, 0, 0]).into(),
                current(&state),
            ),
        ];
        for (kind, value, view) in cases {
            let context = Context::new(at(NOW), view);
            let mut refused = None;
            let count = allocations(|| refused = codec.open(&value, &context).err());
            assert_eq!(refused.map(|error| error.kind()), Some(kind));
            assert_eq!(count, 0, "{kind:?} of {protection:?}");
        }
        // The last step needs the session, and gives back what that took.
        let context = Context::new(at(NOW), current(&user));
        let info = measure(|| {
            let error = codec.open(&good, &context).unwrap_err();
            assert_eq!(error.kind(), Kind::Revoked);
        });
        assert_eq!((info.count_total, info.count_current), (3, 0));
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Of<T>(T);

impl<T: Serialize + DeserializeOwned + 'static> SessionData for Of<T> {
    const NAME: &'static str = "of";
    const SCHEMA: u32 = 1;
}

fn open_hostile<T: Serialize + DeserializeOwned + 'static>(payload: &[u8]) -> AllocationInfo {
    let setting = Setting {
        protection: sealed_session::Protection::Signed,
        ..Setting::of_type::<T>()
    };
    let codec = setting.codec_of::<Of<T>>();
    let token = setting.forge_payload(&claims(), payload);
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = Context::new(at(NOW), RevocationView::current(&state));
    measure(|| assert!(codec.open(&token, &context).is_err()))
}

/// `postcard::from_bytes` lets three bytes reserve 2.2 MB for a map.
#[test]
fn hostile_lengths_under_a_valid_tag_reserve_no_more_than_the_input_could_fill() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    for length in [&huge[..], &[0xff, 0xff, 0x03], &[0x80, 0x80, 0x04]] {
        let mut payload = length.to_vec();
        for filler in [0, 10, 1000] {
            payload.resize(length.len() + filler, 1);
            // The largest element below takes 24 bytes in memory and one in the payload.
            let bound = 64 * payload.len() as u64 + 512;
            for info in [
                open_hostile::<String>(&payload),
                open_hostile::<Vec<u8>>(&payload),
                open_hostile::<Vec<u64>>(&payload),
                open_hostile::<Vec<String>>(&payload),
                open_hostile::<HashMap<u64, u64>>(&payload),
                open_hostile::<HashMap<u8, String>>(&payload),
                open_hostile::<BTreeMap<u16, Vec<u8>>>(&payload),
                open_hostile::<Vec<()>>(&payload),
            ] {
                assert!(info.bytes_max <= bound, "{} of {bound}", info.bytes_max);
                assert_eq!(info.count_current, 0);
            }
        }
    }
}

#[test]
fn a_session_of_any_size_up_to_the_limit_seals_in_a_bounded_number_of_allocations() {
    let codec = Setting::default().codec();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = Context::new(at(NOW), RevocationView::current(&state));
    for len in [16, 500, 2900] {
        let account = of_len(len);
        let info = measure(|| drop(codec.start(&account, &context, random(1)).unwrap()));
        assert!(info.count_total < 40, "{}", info.count_total);
        assert_eq!(info.count_current, 0);
    }
}

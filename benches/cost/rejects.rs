//! What each refusal costs, against opening a cookie with a session of 48 bytes.

use std::hint::black_box;

use sealed_session::{
    Codec, Context, Epoch, KeyRing, OpenErrorKind, Protection, Randomness, RevocationState,
    RevocationView, RingKey, Scope, ScopeKind, UnixTime,
};

use crate::account::{Account, of_len};
use crate::oracle::{self, OracleClaims};
use crate::pair::compare;
use crate::{Bounds, NOW, codec, context, key, secret, state};

const USER: ScopeKind<u64> = ScopeKind::new("user");

/// A refusal: its kind, what the codec is given, and under which state.
struct Case {
    name: &'static str,
    kind: OpenErrorKind,
    value: Vec<u8>,
    state: RevocationState,
    stale: bool,
}

pub(crate) fn all(bounds: &mut Bounds) {
    for protection in [Protection::Encrypted, Protection::Signed] {
        println!("\n{protection:?}: refusals, against opening a session of 48 bytes");
        println!("refused as                                  time  ratio");
        for case in cases(protection) {
            row(protection, &case, bounds);
        }
    }
}

fn row(protection: Protection, case: &Case, bounds: &mut Bounds) {
    let codec: Codec<Account> = codec(&ring(), protection);
    let good_state = state();
    let good_context = context(&good_state);
    let random = Randomness::dangerous_from_bytes(secret(9));
    let good = codec.start(&of_len(48), &good_context, random).unwrap();
    let view = if case.stale {
        RevocationView::stale(&case.state)
    } else {
        RevocationView::current(&case.state)
    };
    let context = Context::new(UnixTime::from_secs(NOW), view);
    let kind = codec.open(&case.value, &context).unwrap_err().kind();
    assert_eq!(kind, case.kind, "{}", case.name);
    let compared = compare(
        &mut || drop(black_box(codec.open(black_box(&case.value), &context))),
        &mut || {
            drop(black_box(
                codec.open(black_box(good.value()), &good_context),
            ))
        },
    );
    if case.value.len() == 1 << 20 {
        bounds.check(
            &format!("{protection:?}, {}", case.name),
            compared.ratio,
            1.0,
        );
    }
    println!(
        "{:<38} {:>6} ns {:>6.2}",
        case.name, compared.first, compared.ratio
    );
}

fn ring() -> KeyRing {
    let retired = RingKey::new(key(2)).with_open_until(UnixTime::from_secs(NOW));
    KeyRing::new([
        retired,
        RingKey::new(key(1)).with_seal_from(UnixTime::from_secs(1)),
    ])
    .unwrap()
}

fn cases(protection: Protection) -> Vec<Case> {
    let first_byte = match protection {
        Protection::Encrypted => oracle::ENCRYPTED,
        Protection::Signed => oracle::SIGNED,
    };
    let claims = OracleClaims {
        schema: 1,
        epoch: NOW * 1000,
        session_id: *b"8 bytes!",
        started_at: NOW,
        issued_at: NOW,
        expires_at: NOW + 1800,
    };
    let payload = postcard::to_allocvec(&of_len(48)).unwrap();
    let sealed = |seed, body: &[u8]| {
        let keys = oracle::derive(&secret(seed), "shop.example", "__Host-session");
        oracle::seal(&keys, first_byte, b"", &[9; 32], body)
    };
    let token_of = |claims: &OracleClaims, payload: &[u8]| {
        sealed(1, &[claims.encode(), payload.to_vec()].concat())
    };
    let token = token_of(&claims, &payload);
    let text = |token: &[u8]| oracle::base64url(token).into_bytes();
    let mut other_format = token.clone();
    other_format[0] = 9;
    let mut forged = token.clone();
    *forged.last_mut().unwrap() ^= 1;
    let mut last_bad = text(&token);
    *last_bad.last_mut().unwrap() = b'=';

    let fixed = |epoch| RevocationState::fixed(Epoch::from_millis(epoch));
    let now = NOW * 1000;
    let revoking = |scope| {
        let others = (0..1000).map(|user| (Scope::new(USER, user + 100), now + 1));
        let mine = [(scope, Epoch::from_millis(now + 1))];
        let entries = others.map(|(scope, epoch)| (scope, Epoch::from_millis(epoch)));
        let clock = Epoch::from_millis(now + 1);
        RevocationState::from_parts(clock, Epoch::ZERO, entries.chain(mine)).unwrap()
    };
    let own = Scope::session(sealed_session::SessionId::from_bytes(*b"8 bytes!"));
    let user = Scope::new(USER, 7);
    let case = |name, kind, value: Vec<u8>| Case {
        name,
        kind,
        value,
        state: fixed(now),
        stale: false,
    };
    use OpenErrorKind as Kind;
    let future = OracleClaims {
        started_at: NOW + 61,
        issued_at: NOW + 61,
        expires_at: NOW + 62,
        ..claims
    };
    let past = OracleClaims {
        started_at: NOW - 9,
        issued_at: NOW - 9,
        expires_at: NOW,
        ..claims
    };
    let newer = OracleClaims {
        schema: 2,
        ..claims
    };
    vec![
        case(
            "Malformed: 1 MiB of junk",
            Kind::Malformed,
            vec![b'A'; 1 << 20],
        ),
        case(
            "Malformed: 4 KiB, bad at the end",
            Kind::Malformed,
            [&[b'A'; 4081][..], b"="].concat(),
        ),
        case(
            "Malformed: bad at the start",
            Kind::Malformed,
            b"=AAA".repeat(30),
        ),
        case("Malformed: last character bad", Kind::Malformed, last_bad),
        case("Malformed: too short", Kind::Malformed, text(&token[..20])),
        case(
            "UnsupportedFormat",
            Kind::UnsupportedFormat,
            text(&other_format),
        ),
        case("UnknownKey", Kind::UnknownKey, text(&sealed(3, b"body"))),
        case("RetiredKey", Kind::RetiredKey, text(&sealed(2, b"body"))),
        case("Unauthentic", Kind::Unauthentic, text(&forged)),
        case(
            "Malformed: claims",
            Kind::Malformed,
            text(&sealed(1, b"\xff")),
        ),
        case(
            "NotYetValid",
            Kind::NotYetValid,
            text(&token_of(&future, &payload)),
        ),
        case("Expired", Kind::Expired, text(&token_of(&past, &payload))),
        Case {
            state: fixed(now + 1),
            ..case("Revoked: floor", Kind::Revoked, text(&token))
        },
        Case {
            state: revoking(own),
            ..case(
                "Revoked: session, of 1001 entries",
                Kind::Revoked,
                text(&token),
            )
        },
        Case {
            stale: true,
            ..case("StaleState", Kind::StaleState, text(&token))
        },
        case(
            "UnsupportedSchema",
            Kind::UnsupportedSchema,
            text(&token_of(&newer, &payload)),
        ),
        case(
            "Payload",
            Kind::Payload,
            text(&token_of(&claims, &payload[1..])),
        ),
        Case {
            state: revoking(user),
            ..case(
                "Revoked: user, of 1001 entries",
                Kind::Revoked,
                text(&token),
            )
        },
    ]
}

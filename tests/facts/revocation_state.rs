//! The revocation state itself: its clock, its entries, and what a reader does with it.

use sealed_session::{
    ChangeError, Context, Epoch, OpenErrorKind, RevocationState, RevocationView, Scope, ScopeKind,
    SealError, SessionId,
};

use crate::account::{USER, typical};
use crate::fixture::{EPOCH, NOW, Setting, at, claims, random};
use crate::oracle::OracleClaims;

fn millis(epoch: u64) -> Epoch {
    Epoch::from_millis(epoch)
}

/// An entry ends what is below it and nothing else, whatever newer entries others have.
#[test]
fn a_token_at_its_own_entrys_epoch_is_alive_beside_a_newer_entry_of_somebody_else() {
    let setting = Setting::default();
    let codec = setting.codec();
    let own = [
        Scope::new(USER, typical().user),
        Scope::session(SessionId::from_bytes(*b"8 bytes!")),
    ];
    let somebody = (Scope::new(USER, 1), millis(EPOCH + 1000));
    for scope in own {
        let entries = [(scope, millis(EPOCH)), somebody];
        let state = RevocationState::from_parts(millis(EPOCH + 1000), Epoch::ZERO, entries);
        let state = state.unwrap();
        let context = Context::new(at(NOW), RevocationView::current(&state));
        for (epoch, expected) in [
            (EPOCH - 1, Some(OpenErrorKind::Revoked)),
            (EPOCH, None),
            (EPOCH + 1, None),
        ] {
            let token = setting.forge_claims(&OracleClaims { epoch, ..claims() });
            let kind = codec.open(token, &context).err().map(|error| error.kind());
            assert_eq!(kind, expected, "{scope}, epoch {epoch}");
        }
    }
}

#[test]
fn the_clock_steps_over_time_over_itself_and_over_every_epoch_seen() {
    let user = [Scope::new(USER, 7)];
    let mut state = RevocationState::fixed(millis(5));
    assert_eq!(state.revoke(&user, millis(0), Epoch::ZERO), Ok(millis(6)));
    assert_eq!(state.revoke(&user, millis(0), millis(100)), Ok(millis(101)));
    assert_eq!(
        state.revoke(&user, millis(1000), millis(100)),
        Ok(millis(1000))
    );
    assert_eq!(
        state.revoke(&user, millis(0), Epoch::ZERO),
        Ok(millis(1001))
    );
    assert_eq!(
        state.revoke_everyone(millis(0), Epoch::ZERO),
        Ok(millis(1002))
    );
    assert_eq!((state.clock(), state.floor()), (millis(1002), millis(1002)));
    assert_eq!(state.revoked().count(), 0, "the floor covers them");
    // No room left: an error, and nothing changed.
    let before = state.clone();
    assert_eq!(
        state.revoke(&user, millis(0), millis(u64::MAX)),
        Err(ChangeError::ClockExhausted)
    );
    assert_eq!(
        state.revoke_everyone(millis(0), millis(u64::MAX)),
        Err(ChangeError::ClockExhausted)
    );
    assert_eq!(state, before);
}

#[test]
fn numbers_text_and_bytes_name_the_scope_of_their_decimal_or_bytes() {
    const TEXT: ScopeKind<str> = ScopeKind::new("user");
    const BYTES: ScopeKind<[u8]> = ScopeKind::new("user");
    const WIDE: ScopeKind<i128> = ScopeKind::new("user");
    let named = |id: &[u8]| Scope::named("user", id).unwrap();
    assert_eq!(Scope::new(USER, 0), named(b"0"));
    assert_eq!(Scope::new(USER, u64::MAX), named(b"18446744073709551615"));
    let least = i128::MIN.to_string();
    assert_eq!(Scope::new(WIDE, i128::MIN), named(least.as_bytes()));
    let owned = String::from("7");
    for text in [
        Scope::new(TEXT, "7"),
        Scope::new(TEXT, String::from("7")),
        Scope::new(TEXT, &owned),
        Scope::new(TEXT, std::borrow::Cow::Borrowed("7")),
        Scope::new(TEXT, Box::<str>::from("7")),
        Scope::new(BYTES, b"7"),
        Scope::new(BYTES, [b'7']),
        Scope::new(BYTES, vec![b'7']),
        Scope::new(BYTES, b"7".as_slice()),
        Scope::new(USER, 7),
    ] {
        assert_eq!(text, named(b"7"));
    }
    assert_ne!(named(b"7"), Scope::named("tenant", b"7").unwrap());
    assert_ne!(named(b"7"), Scope::named("use", b"r7").unwrap());
}

#[cfg(feature = "uuid")]
#[test]
fn a_uuid_names_the_scope_of_its_text_in_small_letters_with_hyphens() {
    const ACCOUNT: ScopeKind<uuid::Uuid> = ScopeKind::new("account");
    let text = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    for written in [
        text,
        "67E55044-10B1-426F-9247-BB680E5FE0C8",
        "67e5504410b1426f9247bb680e5fe0c8",
    ] {
        let id: uuid::Uuid = written.parse().unwrap();
        let named = Scope::named("account", text.as_bytes()).unwrap();
        assert_eq!(Scope::new(ACCOUNT, id), named);
    }
}

#[test]
fn a_state_whose_parts_contradict_each_other_is_refused() {
    let entry = |epoch| [(Scope::new(USER, 7), millis(epoch))];
    assert!(RevocationState::from_parts(millis(5), millis(6), []).is_err());
    assert!(RevocationState::from_parts(millis(5), millis(5), entry(6)).is_err());
    let state = RevocationState::from_parts(millis(5), millis(4), entry(5)).unwrap();
    assert_eq!(state.revoked().count(), 1);
    let covered = RevocationState::from_parts(millis(5), millis(5), entry(5)).unwrap();
    assert!(covered.is_empty());
}

#[test]
fn the_kind_session_is_reserved_and_an_empty_one_names_nothing() {
    for kind in ["session", ""] {
        let error = Scope::named(kind, b"7").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the scope kind \"session\" is reserved for the session's own scope, and an empty one names \
             nothing"
        );
        assert!(std::panic::catch_unwind(|| ScopeKind::<u64>::new(kind)).is_err());
    }
    for kind in ["sessio", "sessions", "Session", "session "] {
        assert!(Scope::named(kind, b"7").is_ok(), "{kind}");
        assert_eq!(ScopeKind::<u64>::new(kind).name(), kind);
    }
}

#[test]
fn a_stale_state_opens_nothing_and_seals_nothing_but_still_revokes() {
    let codec = Setting::default().codec();
    let token = Setting::default().seal(&typical());
    let kind = |context: &Context<'_>| codec.open(&token, context).unwrap_err().kind();
    let state = RevocationState::fixed(millis(EPOCH));
    let above = RevocationState::fixed(millis(EPOCH + 1));
    let at_now = |view| Context::new(at(NOW), view);
    assert_eq!(
        kind(&at_now(RevocationView::stale(&state))),
        OpenErrorKind::StaleState
    );
    assert_eq!(
        kind(&at_now(RevocationView::stale(&above))),
        OpenErrorKind::Revoked
    );
    assert_eq!(
        kind(&at_now(RevocationView::absent())),
        OpenErrorKind::StaleState
    );
    let fine = at_now(RevocationView::current(&state));
    let session = codec.open(&token, &fine).unwrap();
    for view in [RevocationView::stale(&state), RevocationView::absent()] {
        let context = at_now(view);
        let started = codec.start(&typical(), &context, random(1));
        assert_eq!(started.unwrap_err(), SealError::StaleState);
        let renewed = codec.renew(&session, session.value(), &context, random(1));
        assert_eq!(renewed.unwrap_err(), SealError::StaleState);
    }
}

#[test]
fn a_state_succeeds_another_by_its_clock_its_floor_and_every_entry() {
    let scope = |user| Scope::new(USER, user);
    let state = |clock, floor, entries: &[(u64, u64)]| {
        let entries = entries.iter().map(|&(user, at)| (scope(user), millis(at)));
        RevocationState::from_parts(millis(clock), millis(floor), entries).unwrap()
    };
    let former = state(100, 50, &[(1, 70), (2, 80)]);
    for (next, succeeds) in [
        (state(100, 50, &[(1, 70), (2, 80)]), true),
        (state(101, 50, &[(1, 70), (2, 80), (3, 90)]), true),
        (state(101, 50, &[(1, 101), (2, 80)]), true),
        // The floor covers what is no longer there.
        (state(101, 70, &[(2, 80)]), true),
        (state(101, 80, &[]), true),
        // Its clock is lower.
        (state(99, 50, &[(1, 70), (2, 80)]), false),
        // Its floor is lower, though nothing else is.
        (state(101, 49, &[(1, 70), (2, 80)]), false),
        // It has forgotten an entry, or knows it as older.
        (state(101, 50, &[(1, 70)]), false),
        (state(101, 50, &[(1, 69), (2, 80)]), false),
        (state(101, 79, &[]), false),
        (state(101, 50, &[]), false),
    ] {
        assert_eq!(
            next.succeeds(&former),
            succeeds,
            "{:?}",
            next.revoked().collect::<Vec<_>>()
        );
    }
}

/// A token past step 7 is authentic, whatever fails after: the next revocation must step over its epoch.
#[test]
fn the_epoch_of_a_token_that_fails_at_any_later_step_is_told_and_of_no_other() {
    let setting = Setting {
        accept_both: true,
        ..Setting::default()
    };
    let codec = setting.codec();
    let told = |claims: OracleClaims, payload: &[u8], state: &RevocationState, stale: bool| {
        let token = setting.forge_payload(&claims, payload);
        let view = if stale {
            RevocationView::stale(state)
        } else {
            RevocationView::current(state)
        };
        let error = codec.open(token, &Context::new(at(NOW), view)).unwrap_err();
        (error.kind(), error.authentic_epoch())
    };
    let good = hex::decode("fd9c0405616c696365010561646d696e").unwrap();
    let none = RevocationState::fixed(Epoch::ZERO);
    let user = |entry| {
        let revoked = [(Scope::new(USER, typical().user), entry)];
        RevocationState::from_parts(entry, Epoch::ZERO, revoked).unwrap()
    };
    let epoch = Some(millis(EPOCH));
    let of = |change: fn(&mut OracleClaims)| {
        let mut claims = claims();
        change(&mut claims);
        claims
    };
    let future = of(|claims| {
        claims.issued_at = NOW + 61;
        claims.expires_at = NOW + 100;
    });
    let past = of(|claims| {
        claims.started_at = NOW - 10;
        claims.issued_at = NOW - 10;
        claims.expires_at = NOW;
    });
    let schema = of(|claims| claims.schema = 9);
    for (claims, payload, state, stale, expected) in [
        (future, &good[..], &none, false, OpenErrorKind::NotYetValid),
        (past, &good, &none, false, OpenErrorKind::Expired),
        (
            claims(),
            &good,
            &RevocationState::fixed(millis(EPOCH + 1)),
            false,
            OpenErrorKind::Revoked,
        ),
        (claims(), &good, &none, true, OpenErrorKind::StaleState),
        (
            schema,
            &good,
            &none,
            false,
            OpenErrorKind::UnsupportedSchema,
        ),
        (claims(), b"\xff", &none, false, OpenErrorKind::Payload),
        (
            claims(),
            &good,
            &user(millis(EPOCH + 1)),
            false,
            OpenErrorKind::Revoked,
        ),
    ] {
        assert_eq!(
            told(claims, payload, state, stale),
            (expected, epoch),
            "{expected:?}"
        );
    }
    let absurd = of(|claims| claims.epoch = u64::MAX);
    assert_eq!(
        told(absurd, &good, &none, false),
        (OpenErrorKind::Malformed, None)
    );
}

//! Changes that are refused, and what the types of a revocation state show of themselves.

use std::cell::RefCell;

use sealed_session::{
    ChangeError, Context, DocumentCodec, Epoch, KeyRing, RevocationChange, RevocationState,
    RevocationView, Scope, ScopeKind, Scopes, SessionData,
};
use serde::{Deserialize, Serialize};

use crate::account::USER;
use crate::fixture::{NOW, Setting, at, key, random};

fn millis(epoch: u64) -> Epoch {
    Epoch::from_millis(epoch)
}

#[test]
fn a_change_names_as_many_scopes_as_the_table_holds_and_no_more() {
    let scopes: Vec<_> = (1..=5).map(|user| Scope::new(USER, user)).collect();
    let former = RevocationState::fixed(millis(5));
    for named in 0..=scopes.len() {
        let mut state = former.clone();
        let change = RevocationChange::new()
            .max_entries(3)
            .revoke(&scopes[..named]);
        let applied = state.apply(&change, millis(10), Epoch::ZERO);
        if named <= 3 {
            assert_eq!(applied.unwrap().clock, millis(10), "{named}");
            assert_eq!((state.len(), state.is_empty()), (named, named == 0));
        } else {
            let error = applied.unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "{named} scopes at once are more than the 3 that the table may hold; log out \
                     everyone instead"
                )
            );
            assert_eq!(state, former, "nothing changed");
        }
        // Whoever logs out everyone may name scopes beside.
        let mut state = former.clone();
        let applied = state.apply(&change.revoke_everyone(), millis(10), Epoch::ZERO);
        assert_eq!(applied.unwrap().clock, millis(10));
        assert_eq!((state.floor(), state.is_empty()), (millis(10), true));
    }
    // A scope named twice is one.
    let mut state = former.clone();
    let change = RevocationChange::new().max_entries(3).revoke(&scopes[..3]);
    let change = change.revoke(&scopes[..3]);
    assert!(state.apply(&change, millis(10), Epoch::ZERO).is_ok());
    assert_eq!(state.len(), 3);
    assert_eq!(
        ChangeError::ClockExhausted.to_string(),
        "the revocation clock has reached its greatest value"
    );
}

/// A table of 8 takes single sessions up to 6 entries.
#[test]
fn sessions_have_the_room_of_entries_that_are_pruned_by_the_same_change() {
    let session = |number: u64| Scope::new(USER, 100 + number);
    let mut full = RevocationState::fixed(millis(1));
    for user in 0..6 {
        let change = RevocationChange::new().revoke(&[Scope::new(USER, user)]);
        full.apply(&change, millis(10 + user), Epoch::ZERO).unwrap();
    }
    for (horizon, room) in [(0, 0), (10, 0), (11, 1), (13, 3), (16, 6), (u64::MAX, 6)] {
        for sessions in 0..=8 {
            let sessions: Vec<_> = (0..sessions).map(session).collect();
            let change = RevocationChange::new()
                .max_entries(8)
                .revoke_sessions(&sessions)
                .prune_before(millis(horizon));
            let mut state = full.clone();
            let applied = state.apply(&change, millis(20), Epoch::ZERO);
            let fits = sessions.is_empty() || sessions.len() <= room;
            assert_eq!(applied.is_ok(), fits, "{horizon} {}", sessions.len());
            if fits {
                assert_eq!(state.len(), 6 - room + sessions.len());
            } else {
                let entries = 6 - room + sessions.len();
                assert_eq!(
                    applied,
                    Err(ChangeError::TooManySessions { entries, limit: 6 })
                );
                assert_eq!(state, full, "nothing changed");
            }
        }
    }
}

#[test]
fn debug_and_errors_of_the_states_types_say_what_they_are() {
    let error = RevocationState::from_parts(millis(1), millis(2), []).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a revocation state has its floor or an entry above its clock"
    );
    let documents = DocumentCodec::new("shop.example", &KeyRing::from_key(key(1))).unwrap();
    let id = key(1).id("shop.example");
    let shown = format!("{documents:?}");
    assert!(
        shown.starts_with("DocumentCodec { audience: \"shop.example\", keys: {"),
        "{shown}"
    );
    assert!(shown.contains(&id.to_string()), "{shown}");
    let kind: ScopeKind<u64> = ScopeKind::new("user");
    assert_eq!(format!("{kind:?}"), "ScopeKind(\"user\")");
}

/// What an application's `scopes` is handed shows nothing of what it collects.
#[test]
fn debug_of_the_collector_of_scopes_shows_no_scope() {
    #[derive(Serialize, Deserialize)]
    struct Telling;
    impl SessionData for Telling {
        const NAME: &'static str = "telling";
        const SCHEMA: u32 = 1;

        fn scopes(&self, scopes: &mut Scopes<'_>) {
            scopes.add(USER, 7_u64);
            SHOWN.with_borrow_mut(|shown| *shown = format!("{scopes:?}"));
        }
    }
    thread_local! {
        static SHOWN: RefCell<String> = RefCell::default();
    }
    let entry = (Scope::new(USER, 1), millis(2));
    let state = RevocationState::from_parts(millis(2), Epoch::ZERO, [entry]).unwrap();
    let codec = Setting::of_test("telling").codec_of::<Telling>();
    let before = RevocationState::fixed(millis(1));
    let context = |state| Context::new(at(NOW), RevocationView::current(state));
    let sealed = codec.start(&Telling, &context(&before), random(1)).unwrap();
    codec.open(sealed.value(), &context(&state)).unwrap();
    assert_eq!(SHOWN.take(), "Scopes { .. }");
}

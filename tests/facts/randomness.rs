//! A generator that fails or repeats. Obligation 25. That it is the operating system's is shown by
//! `tests/fork.rs` and `.ci/randomness`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sealed_session::{
    Context, Epoch, KeyRing, Randomness, RandomnessError, RevocationState, RevocationView,
    SealError, Sessions,
};

use crate::account::{Account, typical};
use crate::fixture::{BOTH, NOW, Setting, at, key};
use crate::oracle::from_base64url;

fn stuck() -> Randomness {
    Randomness::dangerous_from_bytes([0; 32])
}

#[test]
fn a_failing_generator_is_an_error_and_seals_nothing() {
    let fails = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&fails);
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .dangerous_randomness(move || match switch.load(Ordering::Relaxed) {
            true => Err(RandomnessError::new()),
            false => Randomness::from_os(),
        })
        .build()
        .unwrap();
    let set = sessions.start(&typical()).unwrap();
    let header = set.as_str().split(';').next().unwrap();
    let session = sessions.open(header).unwrap();
    fails.store(true, Ordering::Relaxed);
    let error = SealError::Randomness(RandomnessError::new());
    assert_eq!(sessions.start(&typical()).unwrap_err(), error);
    assert_eq!(sessions.renew(&session).unwrap_err(), error);
    assert_eq!(sessions.update(&session, &typical()).unwrap_err(), error);
    assert_eq!(sessions.bound(b"b").start(&typical()).unwrap_err(), error);
    assert_eq!(
        error.to_string(),
        "cannot seal a session: the random generator gave no bytes"
    );
    assert!(sessions.open(header).is_ok(), "opening needs none");
    fails.store(false, Ordering::Relaxed);
    assert!(sessions.renew(&session).is_ok());
}

#[test]
fn a_generator_that_repeats_gives_different_nonces_and_ids_for_different_bodies() {
    let codec = Setting::default().codec();
    let state = RevocationState::fixed(Epoch::ZERO);
    let mut nonces = BTreeSet::new();
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for user in 0..100 {
        for now in [NOW, NOW + 1] {
            for binding in [&b""[..], b"a"] {
                let context = Context::new(at(now), RevocationView::current(&state));
                let account = Account { user, ..typical() };
                let sealed = codec
                    .start(&account, &context.with_binding(binding), stuck())
                    .unwrap();
                let token = from_base64url(sealed.value().as_bytes()).unwrap();
                nonces.insert(token[5..29].to_vec());
                ids.insert(sealed.claims().session_id());
                count += 1;
            }
        }
    }
    assert_eq!((nonces.len(), ids.len()), (count, count));
}

#[test]
fn a_generator_that_repeats_repeats_only_an_identical_token() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        assert_eq!(setting.seal(&typical()), setting.seal(&typical()));
    }
}

#[test]
fn a_renewal_by_a_generator_that_repeats_has_another_nonce() {
    let codec = Setting::default().codec();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = |now| Context::new(at(now), RevocationView::current(&state));
    let first = codec.start(&typical(), &context(NOW), stuck()).unwrap();
    let session = codec.open(first.value(), &context(NOW)).unwrap();
    let second = codec
        .renew(&session, &typical(), &context(NOW + 400), stuck())
        .unwrap();
    let nonce = |value: &str| from_base64url(value.as_bytes()).unwrap()[5..29].to_vec();
    assert_ne!(nonce(first.value()), nonce(second.value()));
}

#[test]
fn ten_thousand_sessions_of_one_user_in_one_second_share_no_nonce_and_no_id() {
    let codec = Setting::default().codec();
    let state = RevocationState::fixed(Epoch::ZERO);
    let context = Context::new(at(NOW), RevocationView::current(&state));
    let mut seen = BTreeSet::new();
    for _ in 0..10_000 {
        let sealed = codec
            .start(&typical(), &context, Randomness::from_os().unwrap())
            .unwrap();
        let token = from_base64url(sealed.value().as_bytes()).unwrap();
        assert!(seen.insert(token[5..29].to_vec()));
        assert!(seen.insert(sealed.claims().session_id().to_bytes().to_vec()));
    }
}

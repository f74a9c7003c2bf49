//! Facts that need a failing generator.

use super::*;
use crate::error::RandomnessError;
use crate::key::Key;
use crate::random::failing;

#[derive(serde::Serialize, serde::Deserialize)]
struct Account(u64);

impl SessionData for Account {
    const SCHEMA: u32 = 1;
}

#[test]
fn a_failing_generator_is_an_error_and_seals_nothing() {
    let keys = KeyRing::from_key(Key::generate().unwrap());
    let sessions = Sessions::<Account>::builder("shop.example", &keys)
        .build()
        .unwrap();
    let set = sessions.start(&Account(7)).unwrap();
    let session = sessions
        .open(set.as_str().split(';').next().unwrap())
        .unwrap();

    let error = SealError::Randomness(RandomnessError::new());
    failing::set(true);
    let outcomes = [
        sessions.start(&Account(7)),
        sessions.renew(&session),
        sessions.update(&session, &Account(8)),
        sessions.bound(b"tenant").start(&Account(7)),
    ];
    let key = Key::generate();
    failing::set(false);
    for outcome in outcomes {
        assert_eq!(outcome.unwrap_err(), error);
    }
    assert_eq!(key.unwrap_err(), RandomnessError::new());
    assert!(sessions.start(&Account(7)).is_ok());
}

//! Any session under any settings: what is sealed opens as the same value for as long as it says,
//! through renewals; what is not sealed is refused for a reason that holds.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use sealed_session::{
    Codec, Context, Epoch, OpenErrorKind, Protection, Randomness, RevocationState, RevocationView,
    SealError, UnixTime,
};

use super::world::{BOTH, ring};
use crate::account::Account;

#[derive(Arbitrary, Debug)]
struct Input {
    user: u64,
    name: String,
    roles: Vec<String>,
    binding: Vec<u8>,
    now: u64,
    idle: u64,
    absolute: u64,
    clock: u64,
    signed: bool,
    random: [u8; 32],
    steps: [u16; 3],
}

pub fn seal_open(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let account = Account {
        user: input.user,
        name: input.name.clone(),
        roles: input.roles.clone(),
    };
    let protection = BOTH[usize::from(input.signed)];
    let codec: Codec<Account> = Codec::builder("any", &ring())
        .protection(protection)
        .idle_timeout(Duration::from_secs(input.idle.max(1)))
        .absolute_timeout(Duration::from_secs(input.absolute.max(1)))
        .dangerous_any_times()
        .build()
        .unwrap();
    let state = RevocationState::fixed(Epoch::from_millis(input.clock));
    let context = |now| {
        Context::new(UnixTime::from_secs(now), RevocationView::current(&state))
            .with_binding(&input.binding)
    };
    let random = || Randomness::dangerous_from_bytes(input.random);
    // From the second on in which the key that never retires seals.
    let mut now = input.now.max(1);
    let mut sealed = match codec.start(&account, &context(now), random()) {
        Ok(sealed) => sealed,
        Err(error) => return refused_rightly(error, &input, protection),
    };
    let (id, started_at) = (sealed.claims().session_id(), sealed.claims().started_at());
    for step in input.steps {
        let session = codec.open(sealed.value(), &context(now)).unwrap();
        assert_eq!(session.value(), &account);
        assert_eq!(session.claims(), sealed.claims());
        assert_eq!(
            (session.claims().session_id(), session.claims().started_at()),
            (id, started_at)
        );
        let end = sealed.claims().expires_at().as_secs();
        assert!(codec.open(sealed.value(), &context(end - 1)).is_ok());
        let expired = codec.open(sealed.value(), &context(end)).unwrap_err();
        assert_eq!(expired.kind(), OpenErrorKind::Expired);

        let Some(later) = now.checked_add(step.into()).filter(|later| *later < end) else {
            return;
        };
        now = later;
        sealed = match codec.renew(&session, &account, &context(now), random()) {
            Ok(sealed) => sealed,
            Err(error) => return refused_rightly(error, &input, protection),
        };
    }
}

fn refused_rightly(error: SealError, input: &Input, protection: Protection) {
    match error {
        SealError::TimeOverflow => {
            let far = u64::MAX - 3 * u64::from(u16::MAX);
            let sum = input.now.checked_add(input.idle.max(input.absolute));
            assert!(sum.is_none_or(|sum| sum > far));
        }
        SealError::TooLong {
            name_and_value,
            limit,
        } => {
            assert!(name_and_value > limit && limit == 4096);
            let text: usize = input.roles.iter().map(String::len).sum();
            let least = input.name.len() + text;
            assert!(
                least + 10 * input.roles.len() > 2900,
                "{protection:?} {least}"
            );
        }
        other => panic!("{other:?}"),
    }
}

//! What a token takes beyond its payload. Issue: at most 70 and 46 bytes, 65 and 41 with an epoch
//! from the configuration.

use sealed_session::{Context, Epoch, Protection, RevocationState, RevocationView};

use crate::account::typical;
use crate::fixture::{EPOCH, NOW, Setting, at, random};
use crate::oracle::from_base64url;

const PAYLOAD: usize = 16;

/// The greatest overhead of a session's start and all its renewals under the default limits.
fn greatest_overhead(protection: Protection, epoch: u64) -> usize {
    let codec = Setting::of(protection).codec();
    let state = RevocationState::fixed(Epoch::from_millis(epoch));
    let context = |now| Context::new(at(now), RevocationView::current(&state));
    let mut token = codec
        .start(&typical(), &context(NOW), random(1))
        .unwrap()
        .into_value();
    let mut greatest = 0;
    for now in (NOW..NOW + 43_200).step_by(100) {
        let bytes = from_base64url(token.as_bytes()).unwrap().len();
        greatest = greatest.max(bytes - PAYLOAD);
        let session = codec.open(&token, &context(now)).unwrap();
        token = codec
            .renew(&session, session.value(), &context(now), random(1))
            .unwrap()
            .into_value();
    }
    greatest
}

#[test]
fn an_encrypted_token_takes_at_most_70_bytes_beyond_its_payload_and_a_signed_one_46() {
    assert_eq!(greatest_overhead(Protection::Encrypted, EPOCH), 70);
    assert_eq!(greatest_overhead(Protection::Signed, EPOCH), 46);
}

#[test]
fn with_an_epoch_from_the_configuration_it_is_65_and_41() {
    for epoch in [0, 1, 127] {
        assert_eq!(greatest_overhead(Protection::Encrypted, epoch), 65);
        assert_eq!(greatest_overhead(Protection::Signed, epoch), 41);
    }
}

/// Obligation 29: nothing is compressed, so a length tells nothing of the content.
#[test]
fn payloads_of_one_length_give_tokens_of_one_length() {
    for protection in crate::fixture::BOTH {
        let setting = Setting::of(protection);
        let of = |name: String| {
            let account = crate::account::Account {
                user: 7,
                name,
                roles: Vec::new(),
            };
            setting.seal(&account).len()
        };
        for len in [0, 1, 60, 500, 2000] {
            let uneven: String = (0..len)
                .map(|i| char::from(b'!' + (i * 7 % 90) as u8))
                .collect();
            assert_eq!(of("a".repeat(len)), of(uneven));
        }
    }
}

/// For a proxy that takes less than browsers do.
#[test]
fn a_lower_limit_of_the_cookies_length_holds_to_the_byte_and_a_higher_one_is_an_error() {
    use sealed_session::{BuildError, KeyRing, SealError, Sessions};

    use crate::account::Account;
    use crate::fixture::key;

    let ring = KeyRing::from_key(key(1));
    let build = |limit| {
        Sessions::<Account>::builder("shop.example", &ring)
            .max_cookie_len(limit)
            .build()
    };
    let len = build(4096).unwrap().start(&typical()).unwrap().pair().len();
    // Without the sign between name and value.
    let len = len - 1;
    assert!(build(len).unwrap().start(&typical()).is_ok());
    let sessions = build(len - 1).unwrap();
    let error = sessions.start(&typical()).unwrap_err();
    let limit = len - 1;
    assert!(
        matches!(error, SealError::TooLong { name_and_value, limit: at } if (name_and_value, at) == (len, limit)),
        "{error}"
    );
    assert!(matches!(build(4097), Err(BuildError::CookieTooLong)));
}

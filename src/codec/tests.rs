//! Facts that need a look inside: how many keys are tried.

use super::open::attempts;
use super::*;
use crate::error::OpenErrorKind;
use crate::keys::key::Key;
use crate::keys::ring::RingKey;
use crate::revocation::RevocationState;
use crate::time::Epoch;
use crate::token::canonical::put_varint;
use crate::token::random::Randomness;
use alloc::vec::Vec;

#[derive(serde::Serialize, serde::Deserialize)]
struct Account(u64);

impl SessionData for Account {
    const NAME: &'static str = "session";
    const SCHEMA: u32 = 1;
}

fn key(seed: u8) -> Key {
    Key::from_bytes(&core::array::from_fn(|i| {
        seed.wrapping_add(u8::try_from(i).unwrap())
    }))
    .unwrap()
}

fn codec(seeds: impl IntoIterator<Item = u8>, protection: Protection) -> Codec<Account> {
    let keys = seeds.into_iter().map(|seed| {
        let from = UnixTime::from_secs(u64::from(seed));
        let entry = RingKey::new(key(seed)).with_seal_from(from);
        // Key 5 is retired.
        match seed {
            5 => entry.with_open_until(UnixTime::from_secs(6)),
            _ => entry,
        }
    });
    let ring = KeyRing::new(keys).unwrap();
    let builder = Codec::builder("shop.example", &ring).protection(protection);
    builder.accept_both_protections().build().unwrap()
}

#[test]
fn at_most_one_key_is_tried_and_none_for_an_unknown_or_retired_id() {
    let state = RevocationState::fixed(Epoch::ZERO);
    for protection in [Protection::Encrypted, Protection::Signed] {
        let context = Context::new(UnixTime::from_secs(1000), RevocationView::current(&state));
        let ring = codec(if cfg!(miri) { 1..=5 } else { 1..=20 }, protection);
        // Fewer under Miri, which derives a key in a second.
        let seeds = [1, 5, 21]
            .into_iter()
            .chain(if cfg!(miri) { 22..=22 } else { 1..=22 });
        for seed in seeds {
            let early = Context::new(UnixTime::from_secs(5), RevocationView::current(&state));
            let when = if seed == 5 { &early } else { &context };
            let sealer = codec([seed], protection);
            let random = Randomness::dangerous_from_bytes([1; 32]);
            let sealed = sealer.start(&Account(7), when, random).unwrap();
            attempts::take();
            let kind = ring.open(sealed.value(), &context).err().map(|e| e.kind());
            let (expected, tried) = match seed {
                5 => (Some(OpenErrorKind::RetiredKey), 0),
                21.. => (Some(OpenErrorKind::UnknownKey), 0),
                _ => (None, 1),
            };
            assert_eq!((kind, attempts::take()), (expected, tried), "key {seed}");

            let mut forged = sealed.value().as_bytes().to_vec();
            let place = forged.len() - 4;
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            assert!(ring.open(&forged, &context).is_err());
            assert_eq!(attempts::take(), tried, "a forgery under key {seed}");
        }
    }
}

#[test]
fn associated_data_is_header_and_binding_whatever_the_length() {
    for len in [0, 1, 250, 251, 252, 256, 1000] {
        let binding: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let joined = with_associated_data(b"12345", &binding, <[u8]>::to_vec);
        assert_eq!(joined, [b"12345".as_slice(), &binding].concat());
    }
}

#[test]
fn a_body_that_ends_early_in_any_claim_is_malformed() {
    let mut body = Vec::new();
    for number in [1, 1_795_348_800_000] {
        put_varint(&mut body, number);
    }
    body.extend_from_slice(b"8 bytes!");
    for number in [1_795_348_800, 0, 1800] {
        put_varint(&mut body, number);
    }
    for len in 0..body.len() {
        assert!(
            crate::token::claims::Claims::take(&mut &body[..len]).is_none(),
            "{len} bytes"
        );
    }
    assert!(crate::token::claims::Claims::take(&mut body.as_slice()).is_some());
}

//! The stored document. Obligations 19 and 21, as far as they need no store: forged, cut, foreign or
//! out of order, it does not open.

use sealed_session::{
    DocumentCodec, DocumentError, Epoch, KeyRing, RevocationState, RingKey, Scope,
};

use crate::account::USER;
use crate::document_oracle::{self, OracleState};
use crate::fixture::{EPOCH, NOW, Setting, at, key, random, secret};

const AUDIENCE: &str = "shop.example";

fn codec(seed: u8) -> DocumentCodec {
    DocumentCodec::new(AUDIENCE, &KeyRing::from_key(key(seed))).unwrap()
}

/// A state with so many entries.
fn state(entries: u64) -> (RevocationState, OracleState) {
    let (clock, floor) = (EPOCH + 1000, EPOCH - 1000);
    let entry = |user| (Scope::new(USER, user), floor + 1 + user % 2000);
    let crates = (0..entries)
        .map(entry)
        .map(|(scope, epoch)| (scope, Epoch::from_millis(epoch)));
    let [wide_clock, wide_floor] = [clock, floor].map(Epoch::from_millis);
    let mut oracles: Vec<_> = (0..entries)
        .map(entry)
        .map(|(scope, epoch)| (scope.to_bytes(), epoch))
        .collect();
    oracles.sort_unstable();
    (
        RevocationState::from_parts(wide_clock, wide_floor, crates).unwrap(),
        OracleState {
            clock,
            floor,
            entries: oracles,
        },
    )
}

fn sealed(entries: u64) -> Vec<u8> {
    codec(1)
        .seal(&state(entries).0, at(NOW), &random(3))
        .unwrap()
}

#[test]
fn a_document_has_the_bytes_of_the_specification_and_20_an_entry() {
    for entries in [0, 1, 2, 3, 100, 5000] {
        let (state, oracle) = state(entries);
        let document = sealed(entries);
        let expected = document_oracle::seal(&secret(1), AUDIENCE, &secret(3), &oracle.body());
        assert_eq!(document, expected);
        assert_eq!(document.len() as u64, 62 + 20 * entries);
        assert_eq!(codec(1).open(document), Ok(state));
    }
}

#[test]
fn every_bit_flip_and_every_cut_of_a_document_is_refused() {
    for entries in [0, 1, 40] {
        let document = sealed(entries);
        for bit in 0..document.len() * 8 {
            let mut flipped = document.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let expected = match bit / 8 {
                0 => DocumentError::NotADocument,
                1..5 => {
                    let error = codec(1).open(flipped).unwrap_err();
                    assert!(matches!(error, DocumentError::UnknownKey(_)), "bit {bit}");
                    continue;
                }
                _ => DocumentError::Unauthentic,
            };
            assert_eq!(codec(1).open(flipped), Err(expected), "bit {bit}");
        }
        for len in 0..document.len() {
            let cut = codec(1).open(document[..len].to_vec()).unwrap_err();
            let expected = if len < 45 {
                DocumentError::NotADocument
            } else {
                DocumentError::Unauthentic
            };
            assert_eq!(cut, expected, "{len} bytes");
        }
        for extra in 0..=255 {
            let longer = [&document[..], &[extra]].concat();
            assert_eq!(codec(1).open(longer), Err(DocumentError::Unauthentic));
        }
    }
}

#[test]
fn a_document_opens_for_its_own_audience_and_keys_alone() {
    let document = sealed(3);
    let ring = KeyRing::from_key(key(1));
    for audience in ["shop.exampl", "shop.example2", "admin.example"] {
        let other = DocumentCodec::new(audience, &ring).unwrap();
        let error = other.open(document.clone()).unwrap_err();
        assert!(matches!(error, DocumentError::UnknownKey(_)), "{audience}");
    }
    let error = codec(2).open(document).unwrap_err();
    let id = key(1).id(AUDIENCE);
    assert_eq!(error, DocumentError::UnknownKey(id));
    assert_eq!(
        error.to_string(),
        format!(
            "the revocation document does not open: no key of the ring has its key id {id}; it is \
             another audience's, or its key left the ring before a server wrote it again"
        )
    );
}

#[test]
fn a_retired_key_still_opens_documents_and_asks_for_them_to_be_written_again() {
    let document = sealed(3);
    let old = RingKey::new(key(1)).with_open_until(at(NOW - 1));
    let new = RingKey::new(key(2)).with_seal_from(at(NOW - 10));
    let rotated = codec(1)
        .with_keys(&KeyRing::new([old, new]).unwrap())
        .unwrap();
    assert_eq!(rotated.open(document.clone()), Ok(state(3).0));
    assert!(rotated.has_moved_on(&document, at(NOW)));
    let again = rotated.seal(&state(3).0, at(NOW), &random(4)).unwrap();
    assert!(!rotated.has_moved_on(&again, at(NOW)));
    assert!(!codec(1).has_moved_on(&document, at(NOW)));
}

#[test]
fn an_authentic_body_that_is_not_the_one_of_a_state_is_refused() {
    let good = state(3).1;
    let open = |body: &[u8]| codec(1).open(document_oracle::seal(&secret(1), AUDIENCE, b"", body));
    let with = |change: fn(&mut OracleState)| {
        let mut state = good.clone();
        change(&mut state);
        state.body()
    };
    assert!(open(&good.body()).is_ok());
    for (what, body) in [
        ("out of order", with(|state| state.entries.swap(0, 1))),
        (
            "a scope twice",
            with(|state| state.entries[1] = state.entries[0]),
        ),
        (
            "at the floor",
            with(|state| state.entries[1].1 = state.floor),
        ),
        ("below the floor", with(|state| state.entries[2].1 = 0)),
        (
            "above the clock",
            with(|state| state.entries[0].1 = state.clock + 1),
        ),
        (
            "the greatest there is",
            with(|state| state.entries[0].1 = u64::MAX),
        ),
        (
            "a floor above the clock",
            with(|state| {
                state.entries.clear();
                state.floor = state.clock + 1;
            }),
        ),
        ("a byte too many", [good.body(), vec![0]].concat()),
        (
            "a byte too few",
            good.body()[..good.body().len() - 1].to_vec(),
        ),
        ("nothing", Vec::new()),
        ("a clock alone", good.body()[..9].to_vec()),
    ] {
        assert_eq!(open(&body), Err(DocumentError::Malformed), "{what}");
        assert!(body.is_empty() || OracleState::of_body(&body).is_none());
    }
    let mut later = good.body();
    later[0] = 2;
    assert_eq!(open(&later), Err(DocumentError::UnsupportedLayout(2)));
}

#[test]
fn a_token_is_no_document_and_a_document_no_token() {
    let token = Setting::default().seal(&crate::account::typical());
    let bytes = crate::oracle::from_base64url(token.as_bytes()).unwrap();
    assert_eq!(codec(1).open(bytes), Err(DocumentError::NotADocument));
    let text = crate::oracle::base64url(&sealed(0));
    let kind = Setting::default().open(text).unwrap_err();
    assert_eq!(kind, sealed_session::OpenErrorKind::UnsupportedFormat);
}

#[test]
fn a_generator_that_repeats_repeats_a_nonce_only_for_the_same_state() {
    let nonce = |entries| sealed(entries)[5..29].to_vec();
    assert_eq!(nonce(3), nonce(3));
    assert_ne!(nonce(3), nonce(4));
}

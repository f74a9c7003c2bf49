//! The stored document: the crate and the oracle agree on what is one, and a state has one form.

use std::sync::LazyLock;

use sealed_session::{DocumentCodec, DocumentError, Epoch, Randomness, RevocationState, Scope};

use super::world::{AUDIENCE, NOW, ring, secret};
use crate::document_oracle::{self, OracleState};

static CODEC: LazyLock<DocumentCodec> =
    LazyLock::new(|| DocumentCodec::new(AUDIENCE, &ring()).unwrap());

/// `data` as a document, and as the body of one behind a valid tag.
pub fn document(data: &[u8]) {
    assert!(CODEC.open(data.to_vec()).is_err(), "nobody sealed that");
    let random = secret(9);
    let sealed = document_oracle::seal(&secret(1), AUDIENCE, &random, data);
    let opened = CODEC.open(sealed.clone());
    match (opened, OracleState::of_body(data)) {
        (Ok(state), Some(expected)) => {
            assert_eq!(state, of_oracle(&expected));
            let now = sealed_session::UnixTime::from_secs(NOW);
            let random = Randomness::dangerous_from_bytes(random);
            let again = CODEC.seal(&state, now, &random).unwrap();
            assert_eq!(again, sealed, "a state has one document");
            assert!(state.succeeds(&state));
        }
        (Err(DocumentError::UnsupportedLayout(layout)), None) => {
            assert!(layout != 1 && data[0] == layout);
        }
        (Err(DocumentError::Malformed), None) => {}
        (opened, expected) => panic!("{opened:?}, the oracle {expected:?}"),
    }
    // Cut anywhere, or with any bit of it turned, it does not open.
    let spread = data
        .iter()
        .fold(0_u32, |at, &byte| at.rotate_left(5) ^ u32::from(byte));
    let at = spread as usize % sealed.len();
    assert!(CODEC.open(sealed[..at].to_vec()).is_err());
    let mut turned = sealed;
    turned[at] ^= 1 << (data.len() % 8);
    assert!(CODEC.open(turned).is_err());
}

fn of_oracle(state: &OracleState) -> RevocationState {
    let epoch = Epoch::from_millis;
    let entries = state.entries.iter();
    let entries = entries.map(|&(scope, at)| (Scope::from_bytes(scope), epoch(at)));
    RevocationState::from_parts(epoch(state.clock), epoch(state.floor), entries).unwrap()
}

//! A token that was changed in any way does not open: bits, bytes, cuts, splices of two.

use arbitrary::{Arbitrary, Unstructured};

use super::world::{CODECS, TOKENS, context};
use crate::oracle::{base64url, from_base64url};

#[derive(Arbitrary, Debug)]
enum Mutation {
    FlipBit(u16),
    SetByte(u16, u8),
    Insert(u16, u8),
    Remove(u16),
    Truncate(u16),
    Swap(u16, u16),
    /// The rest from another token.
    Splice(u16, u8),
    /// The header of another token.
    Header(u8),
    Extend(u8, u8),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>, others: &[Vec<u8>]) {
        let at = |place: u16| usize::from(place) % bytes.len().max(1);
        let other = |index: u8| &others[usize::from(index) % others.len()];
        if bytes.is_empty() {
            return;
        }
        match *self {
            Self::FlipBit(bit) => {
                let place = at(bit / 8);
                bytes[place] ^= 1 << (bit % 8);
            }
            Self::SetByte(place, byte) => {
                let place = at(place);
                bytes[place] = byte;
            }
            Self::Insert(place, byte) => bytes.insert(at(place), byte),
            Self::Remove(place) => {
                bytes.remove(at(place));
            }
            Self::Truncate(place) => bytes.truncate(at(place)),
            Self::Swap(a, b) => {
                let (a, b) = (at(a), at(b));
                bytes.swap(a, b);
            }
            Self::Splice(place, index) => {
                let place = at(place);
                bytes.truncate(place);
                bytes.extend(other(index).iter().skip(place));
            }
            Self::Header(index) => {
                let header = other(index).iter().take(5);
                bytes
                    .iter_mut()
                    .zip(header)
                    .for_each(|(to, from)| *to = *from);
            }
            Self::Extend(byte, count) => {
                bytes.extend(std::iter::repeat_n(byte, count.into()));
            }
        }
    }
}

#[derive(Arbitrary, Debug)]
struct Input {
    token: u8,
    in_text: bool,
    mutations: Vec<Mutation>,
}

pub fn open_mutated(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let raw = |token: &String| {
        if input.in_text {
            token.clone().into_bytes()
        } else {
            from_base64url(token.as_bytes()).unwrap()
        }
    };
    let others: Vec<Vec<u8>> = TOKENS.iter().map(raw).collect();
    let mut bytes = others[usize::from(input.token) % others.len()].clone();
    for mutation in input.mutations.iter().take(16) {
        mutation.apply(&mut bytes, &others);
    }
    let text = if input.in_text {
        bytes
    } else {
        base64url(&bytes).into_bytes()
    };
    let is_original = TOKENS.iter().any(|token| token.as_bytes() == text);
    for codec in CODECS.iter() {
        assert_eq!(codec.open(&text, &context()).is_ok(), is_original);
    }
}

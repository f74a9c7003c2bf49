//! Any body behind a valid tag, under any settings: the crate and the oracle agree on the verdict,
//! the claims and the session.

use arbitrary::{Arbitrary, Unstructured};

use super::world::{NOW, ReaderInput, compare, forge};
use crate::account::Account;
use crate::oracle::varint;

#[derive(Arbitrary, Debug)]
struct Input {
    reader: ReaderInput,
    signed: bool,
    body: Body,
}

#[derive(Arbitrary, Debug)]
enum Body {
    Any(Vec<u8>),
    Claims {
        schema: u8,
        epoch_ahead: i32,
        started_after: i32,
        age: u16,
        lifetime: u16,
        overlong: Option<u8>,
        payload: Payload,
    },
    Numbers {
        numbers: [u64; 5],
        payload: Payload,
    },
}

#[derive(Arbitrary, Debug)]
enum Payload {
    Fine,
    Any(Vec<u8>),
}

impl Payload {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Fine => hex::decode("fd9c0405616c696365010561646d696e").unwrap(),
            Self::Any(bytes) => bytes,
        }
    }
}

impl Body {
    fn bytes(self) -> Vec<u8> {
        let (mut numbers, payload) = match self {
            Self::Any(bytes) => return bytes,
            Self::Claims {
                schema,
                epoch_ahead,
                started_after,
                age,
                lifetime,
                overlong,
                payload,
            } => {
                let epoch = (NOW * 1000).saturating_add_signed(epoch_ahead.into());
                let started_at = NOW.saturating_add_signed(started_after.into());
                let numbers = [
                    (schema % 3).into(),
                    epoch,
                    started_at,
                    age.into(),
                    lifetime.into(),
                ];
                let mut numbers = numbers.map(varint);
                if let Some(which) = overlong {
                    let number = &mut numbers[usize::from(which) % 5];
                    *number.last_mut().unwrap() |= 0x80;
                    number.push(0);
                }
                (numbers, payload)
            }
            Self::Numbers { numbers, payload } => (numbers.map(varint), payload),
        };
        numbers[1].extend_from_slice(b"8 bytes!");
        [numbers.concat(), payload.bytes()].concat()
    }
}

pub fn claims(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let body = input.body.bytes();
    compare(
        &input.reader,
        forge::<Account>(1 + u8::from(input.signed), &body).as_bytes(),
    );
}

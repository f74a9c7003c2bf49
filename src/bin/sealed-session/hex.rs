//! Bytes that are given as hex digits.

use crate::output::Failure;

/// `what` names it in the error.
pub(crate) fn from_hex(what: &str, text: &str) -> Result<Vec<u8>, Failure> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let pairs = digits.filter(|digits| digits.len().is_multiple_of(2));
    let pairs = pairs
        .ok_or_else(|| Failure::usage(&format!("{what} is not hex"), "give two digits a byte"))?;
    Ok(pairs
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect())
}

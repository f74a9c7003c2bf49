//! Why Redis did not do what it was asked: which errors last, and which a new connection may mend.

use alloc::format;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::super::{StoreError, StoreErrorKind};

/// Whether a new connection may do better: this one is of no use, or of a server that takes no writes any more.
pub(super) fn is_of_connection(error: &RedisError) -> bool {
    use ServerErrorKind::{Ask, BusyLoading, MasterDown, Moved, ReadOnly};
    error.is_io_error()
        || error.is_unrecoverable_error()
        || error.is_timeout()
        || matches!(
            error.kind(),
            ErrorKind::Server(ReadOnly | MasterDown | BusyLoading | Moved | Ask)
        )
        || scripts_say(error, &["-READONLY", "-MASTERDOWN", "-LOADING"])
}

/// What a command within a script failed of. Before Redis 7 the script's error has its text, and not its code.
fn scripts_say(error: &RedisError, texts: &[&str]) -> bool {
    let detail = error.detail().unwrap_or_default();
    texts.iter().any(|text| detail.contains(text))
}

pub(super) fn failed(error: &RedisError) -> StoreError {
    use ServerErrorKind::{Ask, CrossSlot, Moved, NoPerm};
    let lasts = [
        "can't run this command",
        "unknown command",
        "-OOM",
        "-MISCONF",
        "-NOPERM",
    ];
    let (kind, hint) = match (error.kind(), error.code()) {
        (ErrorKind::Server(Moved | Ask | CrossSlot), _) => (
            StoreErrorKind::Refused,
            "; a cluster is no store for revocations",
        ),
        (ErrorKind::RESP3NotSupported, _) => {
            (StoreErrorKind::Refused, "; Redis 6 or later is needed")
        }
        (_, Some("WRONGTYPE")) => (StoreErrorKind::Refused, "; the key holds something else"),
        (
            ErrorKind::Server(NoPerm)
            | ErrorKind::AuthenticationFailed
            | ErrorKind::InvalidClientConfig
            | ErrorKind::UnexpectedReturnType,
            _,
        )
        | (_, Some("WRONGPASS" | "NOAUTH" | "OOM" | "MISCONF" | "NOPERM")) => {
            (StoreErrorKind::Refused, "")
        }
        _ if scripts_say(error, &lasts) => (StoreErrorKind::Refused, ""),
        _ => (StoreErrorKind::Unavailable, ""),
    };
    StoreError::new(kind, format!("Redis: {error}{hint}"))
}

#[cfg(test)]
mod tests {
    use redis::{ErrorKind, RedisError};

    use super::{StoreErrorKind, failed, is_of_connection};

    /// As Redis 6 says what went wrong within a script, in text.
    fn of_script(text: &str) -> RedisError {
        let detail = alloc::format!("Error running script (call to f_0): @user_script:3: {text}");
        (
            ErrorKind::Extension,
            "An error was signalled by the server",
            detail,
        )
            .into()
    }

    #[test]
    fn errors_within_a_script_of_an_old_server_are_told_apart() {
        let read_only = of_script("-READONLY You can't write against a read only replica.");
        assert!(is_of_connection(&read_only));
        assert_eq!(failed(&read_only).kind(), StoreErrorKind::Unavailable);
        for text in [
            "-OOM command not allowed when used memory > 'maxmemory'.",
            "-MISCONF Redis is configured to save RDB snapshots, but it is currently not able to",
            "-NOPERM this user has no permissions to run the 'publish' command",
        ] {
            let error = of_script(text);
            assert!(!is_of_connection(&error), "{text}");
            assert_eq!(failed(&error).kind(), StoreErrorKind::Refused, "{text}");
        }
    }
}

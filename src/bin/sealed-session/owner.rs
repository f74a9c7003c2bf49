//! `--owner`: users and groups by name.

use crate::output::Failure;

/// The numbers of `USER` or `USER:GROUP`; without a group, the user's own.
#[cfg(unix)]
pub(crate) fn numbers(owner: &str) -> Result<(u32, u32), Failure> {
    use nix::unistd::{Gid, Group, Uid, User};

    let (user, group) = match owner.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (owner, None),
    };
    let unknown = |what: &str, name: &str| {
        Failure::usage(
            &format!("this machine has no {what} \"{name}\""),
            "give --owner as USER or USER:GROUP, by names or numbers",
        )
    };
    let failed =
        |error: nix::Error| Failure::not_done(format!("cannot look up the owner: {error}"));
    let found = match user.parse() {
        Ok(number) => User::from_uid(Uid::from_raw(number)).map_err(failed)?,
        Err(_) => User::from_name(user).map_err(failed)?,
    };
    // A number need not have a name.
    let number = match (&found, user.parse()) {
        (Some(found), _) => found.uid.as_raw(),
        (None, Ok(number)) => number,
        (None, Err(_)) => return Err(unknown("user", user)),
    };
    let group = match group {
        None => match found {
            Some(found) => found.gid.as_raw(),
            None => return Err(unknown("user", user)),
        },
        Some(group) => match group.parse() {
            Ok(number) => Gid::from_raw(number).as_raw(),
            Err(_) => match Group::from_name(group).map_err(failed)? {
                Some(found) => found.gid.as_raw(),
                None => return Err(unknown("group", group)),
            },
        },
    };
    Ok((number, group))
}

#[cfg(not(unix))]
pub(crate) fn numbers(_: &str) -> Result<(u32, u32), Failure> {
    Err(Failure::usage(
        "this system has no owners by that name",
        "leave --owner out, and set the file's rights afterwards",
    ))
}

//! The command `sealed-session`, for operators of servers whose sessions it seals.
//!
//! It decides nothing that the library has not decided. `args` says what can be asked; `keys`,
//! `inspect` and `revoke` answer, each by a function from arguments to what is printed, `pages` for
//! shells and manuals. `input` reads rings, `timeouts` the timeouts of sessions, `ids` the ids of
//! scopes, `store` opens stores, `owner` finds users, `cookies` finds a cookie in what is pasted.
//! `timeline` draws a ring, and `output` is how answers and failures look.
//!
//! Secrets come by file, environment or standard input, never by an argument, which other users of the
//! machine and the shell's history would see.

mod args;
mod cookies;
mod findings;
mod hex;
mod ids;
mod input;
mod inspect;
mod keys;
mod output;
mod owner;
mod pages;
mod revoke;
mod store;
mod timeline;
mod timeouts;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command, KeysCommand, NAME, RevocationsCommand};
use output::{Answer, Failure};

fn main() -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    let holds_a_password =
        |argument: &std::ffi::OsString| argument.to_str().is_some_and(store::holds_a_password);
    let failure = if given.iter().any(holds_a_password) {
        Some(Failure::usage(
            "a password was given as an argument, where other users and the shell's history can see it",
            "give the store's URL by the environment variable SESSION_REVOCATIONS",
        ))
    } else if given.iter().any(|argument| input::holds_a_key(argument)) {
        Some(Failure::usage(
            "a key was given as an argument, where other users and the shell's history can see it",
            "treat that key as leaked; give rings as FILE, - for standard input, or env:NAME",
        ))
    } else {
        input::misplaced_key()
    };
    if let Some(failure) = failure {
        return failure.report();
    }
    match run(Arguments::parse_from(given).command) {
        Ok(answer) => answer.print(),
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Keys(command) => match command {
            KeysCommand::Generate(given) => keys::generate(&given),
            KeysCommand::List(given) => keys::list(&given),
            KeysCommand::OneLine(given) => keys::one_line(&given),
            KeysCommand::Check(given) => keys::check(&given),
            KeysCommand::Rotate(given) => keys::rotate(&given),
        },
        Command::Inspect(given) => inspect::inspect(&given),
        Command::Revoke(given) => revoke::revoke(&given),
        Command::Revocations(command) => match command {
            RevocationsCommand::Create(given) => revoke::create(&given),
            RevocationsCommand::List(given) => revoke::list(&given),
            RevocationsCommand::Rekey(store) => revoke::rekey(&store),
        },
        Command::Completions { shell } => Ok(Answer::of(pages::completions(shell))),
        Command::Man { out } => pages::man(out.as_deref()),
        Command::Version => Ok(Answer::of(format!(
            "{NAME} {}, token format 1\n",
            env!("CARGO_PKG_VERSION")
        ))),
    }
}

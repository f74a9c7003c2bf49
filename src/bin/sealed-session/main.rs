//! The command `sealed-session`, for who operates servers whose sessions it seals.
//!
//! It decides nothing that the library has not decided. `args` says what can be asked; `keys`, `inspect` and
//! `revoke` answer, each by a function from arguments to what is printed; `input` reads rings, `output` is
//! how answers and failures look.
//!
//! Secrets come by file, environment or standard input, never by an argument, which other users of the
//! machine and the shell's history would see.

mod args;
mod findings;
mod input;
mod inspect;
mod keys;
mod output;
mod revoke;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Arguments, Command, KeysCommand, RevocationsCommand};
use output::{Answer, Failure};

fn main() -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    if given.iter().any(|argument| input::holds_a_key(argument)) {
        return Failure::usage(
            "a key was given as an argument, where other users and the shell's history can see it",
            "treat that key as leaked; give rings as FILE, - for standard input, or env:NAME",
        )
        .report();
    }
    let arguments = Arguments::parse_from(given);
    match run(arguments.command) {
        Ok(answer) => print(&answer),
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Keys(command) => match command {
            KeysCommand::Generate(given) => keys::generate(&given),
            KeysCommand::List(given) => keys::list(&given),
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
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
            Ok(Answer::of(String::from_utf8_lossy(&script).into_owned()))
        }
        Command::Man { out: None } => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Arguments::command())
                .render(&mut page)
                .map_err(|error| Failure::not_done(format!("cannot make the page: {error}")))?;
            Ok(Answer::of(String::from_utf8_lossy(&page).into_owned()))
        }
        Command::Man { out: Some(folder) } => {
            clap_mangen::generate_to(Arguments::command(), &folder).map_err(|error| {
                Failure::not_done(format!(
                    "cannot write pages to {}: {error}",
                    folder.display()
                ))
                .then("name a folder that exists and may be written to")
            })?;
            Ok(Answer::of(String::new()))
        }
        Command::Version => Ok(Answer::of(format!(
            "{NAME} {}, token format 1\n",
            env!("CARGO_PKG_VERSION")
        ))),
    }
}

const NAME: &str = "sealed-session";

fn print(answer: &Answer) -> ExitCode {
    for note in &answer.notes {
        eprintln!("{note}");
    }
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(answer.text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Ok(()) => ExitCode::from(answer.code),
        Err(error) => Failure::not_done(format!("cannot write the answer: {error}")).report(),
    }
}

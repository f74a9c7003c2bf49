//! Completion scripts and manual pages, as clap's own crates make them.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::{Arguments, EXIT_CODES, NAME};
use crate::output::{Answer, Failure};

pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        // The generator names a command with a hyphen in two ways, and then finds none of its subcommands.
        Shell::Bash => script.replace("sealed__subcmd__session", "sealed__session"),
        _ => script,
    }
}

pub(crate) fn man(folder: Option<&Path>) -> Result<Answer, Failure> {
    let command = Arguments::command().disable_help_subcommand(true);
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|error| Failure::not_done(format!("cannot make the page: {error}")))?;
        return Ok(Answer::of(String::from_utf8_lossy(&page).into_owned()));
    };
    clap_mangen::generate_to(on_every_page(command), folder).map_err(|error| {
        let text = format!("cannot write pages to {}: {error}", folder.display());
        Failure::not_done(text).then("name a folder that exists and may be written to")
    })?;
    Ok(Answer::of(String::new()).after_change())
}

/// Exit codes and environment are those of all commands.
fn on_every_page(command: clap::Command) -> clap::Command {
    command
        .after_help(EXIT_CODES)
        .mut_subcommands(on_every_page)
}

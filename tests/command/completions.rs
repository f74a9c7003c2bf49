//! The completion script, tried in a real bash: words of commands at every depth.

use std::path::Path;
use std::process::Command;

#[test]
fn bash_completes_commands_and_options_at_every_depth() {
    for (words, expected) in [
        ("sealed-session ''", "revocations"),
        ("sealed-session keys ''", "rotate"),
        ("sealed-session keys rotate --", "--in-place"),
        ("sealed-session revoke ''", "session"),
        ("sealed-session revoke all --", "--after-leak"),
        ("sealed-session revocations list --", "--user"),
    ] {
        let offered = offered(words);
        assert!(
            offered.split_whitespace().any(|word| word == expected),
            "{words} offers {offered}"
        );
    }
}

/// What bash offers for the last of these words.
fn offered(words: &str) -> String {
    let command = Path::new(env!("CARGO_BIN_EXE_sealed-session"));
    let script = format!(
        "source <({} completions bash); COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
         last=${{COMP_WORDS[COMP_CWORD]}}; before=${{COMP_WORDS[COMP_CWORD - 1]}}; \
         _sealed__session sealed-session \"$last\" \"$before\"; echo \"${{COMPREPLY[@]}}\"",
        command.display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

//! Runs `docs/OPERATIONS.md`: every command of it, in order, in one shell and an empty folder. What is
//! printed is what the page says, but for times, clocks, and names of keys and sessions, which must be the
//! same where the page has the same.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use sealed_session::{
    FileStore, Key, KeyRing, KeyRingFile, Revocations, ScopeKind, Scopes, SessionData, Sessions,
    UnixTime,
};

const USER: ScopeKind<u64> = ScopeKind::new("user");

#[derive(serde::Serialize, serde::Deserialize)]
struct Account {
    user: u64,
}

impl SessionData for Account {
    const NAME: &'static str = "session";
    const SCHEMA: u32 = 1;

    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user);
    }
}

#[test]
fn every_command_of_the_page_does_what_the_page_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/OPERATIONS.md");
    let page = fs::read_to_string(page).unwrap();
    let mut shell = Shell::new();
    let mut names = Names::default();
    let mut commands = 0;
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        match line {
            "<!-- a cookie -->" => sign_in(&shell.folder),
            "```console" => {
                let mut block = Vec::new();
                for line in lines.by_ref().take_while(|line| *line != "```") {
                    block.push(line);
                }
                commands += run(&mut shell, &mut names, &block);
            }
            _ => assert!(
                !line.trim_start().starts_with("$ "),
                "a command outside of a console block: {line}"
            ),
        }
    }
    assert!(commands >= 30, "{commands} commands");
}

/// Wherever the page shows the text of a ring, it is one, also to a program that gets it as a variable.
#[test]
fn every_ring_of_the_page_is_one() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/OPERATIONS.md");
    let page = fs::read_to_string(page).unwrap();
    let mut rings = 0;
    let mut block = String::new();
    for line in page.lines() {
        // Each row of a table has several, in code of its own. A manifest has one in two lines.
        let is_code = line.starts_with("    ssk1_");
        if is_code {
            block.push_str(line.trim());
            block.push('\n');
            continue;
        }
        let block = std::mem::take(&mut block);
        let in_line = if line.starts_with("ssk1_") {
            vec![line]
        } else {
            line.split('`').collect()
        };
        for ring in in_line.into_iter().chain([block.as_str()]) {
            // The parts that are a whole, not the sentence of an error.
            let Some(start) = ring.find("ssk1_…").filter(|_| ring.contains("T00:00:00Z")) else {
                continue;
            };
            let mut text = ring[start..].trim_end_matches('"').to_owned();
            while text.contains('…') {
                let key = Key::generate().unwrap().expose_secret();
                text = text.replacen("ssk1_…", &key, 1);
            }
            let parsed = KeyRing::from_variable(&text).unwrap_or_else(|e| panic!("{ring}: {e}"));
            assert_eq!(parsed.keys().len(), ring.matches("ssk1_…").count());
            rings += 1;
        }
    }
    assert_eq!(rings, 15);
}

/// Runs the commands of a block, each with the answer below it. How many there were.
fn run(shell: &mut Shell, names: &mut Names, block: &[&str]) -> usize {
    let mut commands = 0;
    let mut rest = block.iter().peekable();
    while let Some(line) = rest.next() {
        let command = line
            .strip_prefix("$ ")
            .unwrap_or_else(|| panic!("no command: {line}"));
        let mut expected = Vec::new();
        while let Some(line) = rest.next_if(|line| !line.starts_with("$ ")) {
            expected.push(*line);
        }
        let command = names.in_command(command);
        let (answer, code) = shell.run(&command);
        // The exit code is that of what is said.
        let says_no = |line: &String| line.starts_with("error: ") || line.contains("does not open");
        let piped = command.contains(" | ");
        assert_eq!(
            code != "0",
            answer.iter().any(says_no) && !piped,
            "{command}: {code}"
        );
        assert_eq!(
            answer.len(),
            expected.len(),
            "{command}\nanswers {answer:#?}\nand the page says {expected:#?}"
        );
        for (said, expected) in answer.iter().zip(expected) {
            names.compare(&command, said, expected);
        }
        commands += 1;
    }
    commands
}

/// Puts the cookie of a session under the operator's keys where a user might have.
fn sign_in(folder: &Path) {
    let keys = KeyRingFile::new(folder.join("keys")).load().unwrap();
    let store = FileStore::new(folder.join("revocations"));
    let revocations = Revocations::shared("shop.example", &keys, store)
        .build()
        .unwrap();
    let sessions: Sessions<Account> = Sessions::builder("shop.example", &keys)
        .revocations(revocations)
        .build()
        .unwrap();
    let sign_in = sessions.begin_sign_in().wait().unwrap();
    let set_cookie = sign_in.start(&Account { user: 7 }).unwrap();
    fs::write(folder.join("cookie.txt"), set_cookie.as_str()).unwrap();
}

/// A shell that goes on from command to command.
struct Shell {
    folder: PathBuf,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Shell {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("operations-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let command = Path::new(env!("CARGO_BIN_EXE_sealed-session"));
        let path = format!(
            "{}:{}",
            command.parent().unwrap().display(),
            std::env::var("PATH").unwrap()
        );
        let mut child = Command::new("bash")
            .env("PATH", path)
            .env_remove("SESSION_KEYS")
            .env("LC_ALL", "C")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            folder,
            stdin: child.stdin.take(),
            child,
            stdout,
        }
    }

    /// What the command prints, line by line, and its exit code. It may not read the commands that follow.
    fn run(&mut self, command: &str) -> (Vec<String>, String) {
        const END: &str = "=== end ===";
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{{ {command}\n}} </dev/null 2>&1; echo \"{END}$?\"").unwrap();
        stdin.flush().unwrap();
        let mut answer = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(
                self.stdout.read_line(&mut line).unwrap(),
                0,
                "{command}: the shell died"
            );
            let line = line.trim_end_matches('\n');
            match line.strip_prefix(END) {
                Some(code) => return (answer, code.to_owned()),
                None => answer.push(line.to_owned()),
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The names of keys and sessions on the page, and what they are here.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn in_command(&self, command: &str) -> String {
        let words = command.split(' ');
        let words = words.map(|word| self.0.get(word).map_or(word, String::as_str));
        words.collect::<Vec<_>>().join(" ")
    }

    /// `said` is `expected`, word by word.
    fn compare(&mut self, command: &str, said: &str, expected: &str) {
        let words = |line: &str| -> Vec<String> {
            let line = without_distance(&without_times(line));
            let words = line.split([' ', ',', '(', ')', ';', ':']);
            words.map(str::to_owned).collect()
        };
        let (said_words, expected_words) = (words(said), words(expected));
        assert_eq!(
            said_words.len(),
            expected_words.len(),
            "{command}\nsays {said}\nand the page {expected}"
        );
        for (here, there) in said_words.iter().zip(&expected_words) {
            let is_name = is_hex(there, 8) || is_hex(there, 16);
            let is_alike = is_name && is_hex(here, there.len());
            if is_alike || is_clock(here) && is_clock(there) {
                let is_new = !self.0.contains_key(there);
                let taken = is_new && self.0.values().any(|known| known == here);
                assert!(!taken, "{command}: {there} has two names on the page");
                let known = self.0.entry(there.clone()).or_insert_with(|| here.clone());
                assert_eq!(known, here, "{command}: {there} is another one now");
            } else {
                assert_eq!(
                    here, there,
                    "{command}\nsays {said}\nand the page {expected}"
                );
            }
        }
    }
}

/// RFC 3339 times, which have the signs that words are split at.
fn without_times(line: &str) -> String {
    const LEN: usize = "2026-11-22T00:00:00Z".len();
    let mut left = line.to_owned();
    for at in 0..line.len() {
        let Some(time) = left.get(at..at + LEN) else {
            break;
        };
        if time.parse::<UnixTime>().is_ok() {
            left.replace_range(at..at + LEN, "TIME");
        }
    }
    left
}

/// How long ago or ahead a time is, while time goes by.
fn without_distance(line: &str) -> String {
    let parts = line.split_once("TIME, ");
    let distance = parts.filter(|(_, rest)| rest.starts_with("in ") || rest.ends_with(" ago"));
    distance.map_or_else(|| line.to_owned(), |(start, _)| format!("{start}TIME"))
}

fn is_hex(word: &str, len: usize) -> bool {
    word.len() == len && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_clock(word: &str) -> bool {
    word.len() >= 13 && word.bytes().all(|b| b.is_ascii_digit())
}

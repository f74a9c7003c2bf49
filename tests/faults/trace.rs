//! strace: what a write asks of the system, and how one of these calls is made to fail.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::driver::Scenario;

/// A system call of the write.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// The how-manieth of this name.
    pub(crate) occurrence: u32,
    pub(crate) arguments: String,
    pub(crate) result: String,
}

impl Call {
    /// Of the driver and the end of its process, not of the store.
    pub(crate) fn is_drivers(&self) -> bool {
        let standard = self.arguments.starts_with("0, ") || self.arguments.starts_with("1, ");
        let io = matches!(self.name.as_str(), "read" | "write");
        (io && standard) || self.name.starts_with("exit")
    }

    pub(crate) fn is_acknowledgement(&self) -> bool {
        self.name == "write" && self.arguments.starts_with("1, ")
    }
}

/// The calls of a write that nothing disturbs, up to its acknowledgement.
pub(crate) fn record(folder: &Path, scenario: Scenario) -> Vec<Call> {
    let log = folder.join("trace");
    let options = ["-xx", "-s", "100000", "-e", "trace=all"];
    let said = run(folder, scenario, &options, log.to_str().unwrap());
    assert!(said.starts_with("acknowledged"), "{said}");
    let mut counts = HashMap::<String, u32>::new();
    let mut calls = Vec::new();
    for line in fs::read_to_string(&log).unwrap().lines() {
        let Some((name, rest)) = line.split_once('(') else {
            continue;
        };
        // Short calls are padded up to the equals sign.
        let Some((arguments, result)) = rest.rsplit_once(" = ") else {
            continue;
        };
        let arguments = arguments.trim_end().trim_end_matches(')');
        let count = counts.entry(name.into()).or_default();
        *count += 1;
        calls.push(Call {
            name: name.into(),
            occurrence: *count,
            arguments: arguments.into(),
            result: result.into(),
        });
        if calls.last().unwrap().is_acknowledgement() {
            break;
        }
    }
    calls
}

/// Runs the driver's write under strace, and returns what it said.
pub(crate) fn run(folder: &Path, scenario: Scenario, options: &[&str], log: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let mut driver = Command::new(program)
        .args(["drive", folder.to_str().unwrap(), &format!("{scenario:?}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(driver.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let mut strace = attach(&driver, options, log);
    driver.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let (ended, watchdog) = mpsc::channel();
    let id = driver.id().to_string();
    let watch = thread::spawn(move || {
        let hangs = watchdog.recv_timeout(Duration::from_secs(30)).is_err();
        hangs.then(|| Command::new("kill").args(["-KILL", &id]).status())
    });
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    driver.wait().unwrap();
    ended.send(()).ok();
    assert!(watch.join().unwrap().is_none(), "it hangs with {options:?}");
    strace.wait().unwrap();
    if rest.is_empty() {
        "killed".into()
    } else {
        rest
    }
}

fn attach(driver: &Child, options: &[&str], log: &str) -> Child {
    let mut strace = Command::new("strace")
        .args(["-p", &driver.id().to_string(), "-o", log])
        .args(options)
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace is installed");
    let mut told = BufReader::new(strace.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(line.contains("attached"), "{line}");
    // Nothing more is read of it, and it must not wait for that.
    thread::spawn(move || {
        let mut rest = String::new();
        let _ = told.read_to_string(&mut rest);
    });
    strace
}

//! Ratios with a bound. Each is measured in five processes and judged by the median of the five: the
//! system gives each process other addresses for its stack, its heap and its code, and a single one
//! may be unlucky by more than what a bound leaves free.

use std::process::{Command, Stdio};

/// Says to a process that it is one of the five.
const ONCE: &str = "--once";
const PROCESSES: usize = 5;
/// Begins the lines that one of the five prints for the process that judges.
const MARK: &str = "bound\t";

/// The ratios of this process.
#[derive(Default)]
pub(crate) struct Bounds(Vec<String>);

impl Bounds {
    pub(crate) fn check(&mut self, what: &str, ratio: f64, bound: f64) {
        self.0.push(format!("{MARK}{what}\t{ratio}\t{bound}"));
    }
}

/// Runs `measure` in five processes, prints all that the first of them prints, and judges.
pub(crate) fn in_five_processes(measure: impl FnOnce(&mut Bounds)) {
    if std::env::args().any(|argument| argument == ONCE) {
        let mut bounds = Bounds::default();
        measure(&mut bounds);
        bounds.0.iter().for_each(|line| println!("{line}"));
        return;
    }
    let mut rows: Vec<Row> = Vec::new();
    for process in 0..PROCESSES {
        for line in one_of_five().lines() {
            match line.strip_prefix(MARK) {
                Some(line) => Row::add(&mut rows, line),
                None if process == 0 => println!("{line}"),
                None => {}
            }
        }
    }
    if !judge(rows) {
        std::process::exit(1);
    }
}

fn one_of_five() -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--bench", ONCE])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "a measuring process failed");
    String::from_utf8(output.stdout).unwrap()
}

/// What is bounded, and its ratio in each process.
struct Row {
    what: String,
    bound: f64,
    ratios: Vec<f64>,
}

impl Row {
    fn add(rows: &mut Vec<Self>, line: &str) {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap();
        let (what, ratio, bound) = (field(), field(), field());
        let ratio = ratio.parse().unwrap();
        match rows.iter_mut().find(|row| row.what == what) {
            Some(row) => row.ratios.push(ratio),
            None => rows.push(Self {
                what: what.into(),
                bound: bound.parse().unwrap(),
                ratios: vec![ratio],
            }),
        }
    }
}

fn judge(rows: Vec<Row>) -> bool {
    println!("\nBounds: the median of {PROCESSES} processes");
    println!("bound  median  lowest  highest");
    let mut all_hold = true;
    for mut row in rows {
        assert_eq!(row.ratios.len(), PROCESSES, "{} is missing", row.what);
        row.ratios.sort_by(f64::total_cmp);
        let median = row.ratios[PROCESSES / 2];
        let holds = median <= row.bound;
        all_hold &= holds;
        println!(
            "{:>5.2} {median:>7.2} {:>7.2} {:>8.2}  {}{}",
            row.bound,
            row.ratios[0],
            row.ratios[PROCESSES - 1],
            row.what,
            if holds { "" } else { ": does not hold" }
        );
    }
    if all_hold {
        println!("\nEvery bound holds.");
    }
    all_hold
}

// SPDX-License-Identifier: MIT
//! What the tokio programs share: clocks, memory readings, the runtime, one line per figure.
//! First argument: what to divide the counts by. Second: how many threads (1: current_thread).

use std::future::Future;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

pub fn cpu() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

/// One number of /proc/self/status, in bytes.
pub fn status(field: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
}

/// Resident pages and the page tables that map them.
pub fn memory() -> f64 {
    status("VmRSS:") + status("VmPTE:")
}

pub fn report(key: &str, value: f64, unit: &str) {
    println!("{key} {value:.6} {unit}");
}

fn arg(i: usize) -> usize {
    std::env::args().nth(i).and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
}

pub fn count(full: usize) -> usize {
    full / arg(1)
}

pub fn threads() -> usize {
    arg(2)
}

/// Reports what a step of `body` takes, in CPU time.
pub async fn measure(key: &str, steps: usize, body: impl Future<Output = ()>) {
    let start = cpu();
    body.await;
    report(key, (cpu() - start) / steps as f64, "ns");
}

/// The same for what goes on in several threads: wall time, and with `_cpu` after the key CPU time.
pub async fn measure_threads(key: &str, steps: usize, body: impl Future<Output = ()>) {
    let wall = Instant::now();
    measure(&format!("{key}_cpu"), steps, body).await;
    report(key, wall.elapsed().as_nanos() as f64 / steps as f64, "ns");
}

fn runtime() -> Runtime {
    match threads() {
        1 => Builder::new_current_thread().enable_all().build().unwrap(),
        threads => {
            Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap()
        }
    }
}

/// Runs `main` as a spawned task, where tokio's schedulers are at their best.
pub fn run<F>(main: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    runtime().block_on(async { tokio::spawn(main).await.unwrap() });
}

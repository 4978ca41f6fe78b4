// SPDX-License-Identifier: MIT
//! W8, tokio: spawn_blocking on two blocking threads.

use std::time::{Duration, Instant};
use tokio::task::{spawn_blocking, JoinHandle};
use trine_bench_peers::*;

async fn windows(jobs: usize, window: usize) -> usize {
    let mut sum = 0;
    for first in (0..jobs).step_by(window) {
        let batch: Vec<JoinHandle<usize>> =
            (first..first + window).map(|arg| spawn_blocking(move || arg + 1)).collect();
        for job in batch {
            sum += job.await.unwrap();
        }
    }
    sum
}

/// One at a time, with a pause before each in which the workers fall asleep.
async fn asleep(jobs: usize) -> Duration {
    let mut spent = Duration::ZERO;
    for arg in 0..jobs {
        let start = Instant::now();
        while start.elapsed() < Duration::from_micros(200) {}
        let start = Instant::now();
        spawn_blocking(move || arg + 1).await.unwrap();
        spent += start.elapsed();
    }
    spent
}

async fn all() {
    let jobs = count(400_000);
    let (wall, start) = (Instant::now(), cpu());
    assert_eq!(windows(jobs, 1000).await, jobs * (jobs + 1) / 2);
    report("pool_wall", wall.elapsed().as_nanos() as f64 / jobs as f64, "ns");
    report("pool_cpu", (cpu() - start) / jobs as f64, "ns");

    let jobs = jobs / 10;
    let wall = Instant::now();
    windows(jobs, 1).await;
    report("single_wall", wall.elapsed().as_nanos() as f64 / jobs as f64, "ns");

    let jobs = count(3000);
    report("asleep_wall", asleep(jobs).await.as_nanos() as f64 / jobs as f64, "ns");
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(2).build();
    runtime.unwrap().block_on(all());
}

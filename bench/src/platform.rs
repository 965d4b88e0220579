//! A platform of its own, as a child process: started, killed without warning, started again.

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Error;
use crate::outcome::Outcome;

const READY_MAX: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(5);

/// Where the platform keeps its state.
pub(crate) enum Storage {
    Memory,
    Folder(PathBuf),
    /// A folder that is removed afterwards.
    Passing,
}

/// A running platform. It ends with this value.
pub(crate) struct Platform {
    binary: PathBuf,
    storage: Storage,
    port: u16,
    aws_port: u16,
    /// Its log, and its state when that is passing.
    folder: TempDir,
    child: Child,
    ready_ms: u64,
}

/// What a process uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// User and system time of all its threads, since its start.
    pub(crate) processor: Duration,
    pub(crate) resident_bytes: u64,
}

impl Platform {
    /// Starts `binary` on a free port and waits until it is ready.
    pub(crate) async fn start(binary: PathBuf, storage: Storage) -> Result<Self, Error> {
        let folder = TempDir::with_prefix("penstock-bench-")?;
        let (port, aws_port) = (free_port()?, free_port()?);
        let child = spawn(&binary, &storage, [port, aws_port], folder.path())?;
        let mut platform = Self { binary, storage, port, aws_port, folder, child, ready_ms: 0 };
        platform.wait_until_ready().await?;
        Ok(platform)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where its embedded AWS listens.
    pub(crate) fn aws_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.aws_port)
    }

    /// The processor time it has used, all threads together, where the system tells.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        processor_time(&std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?)
    }

    /// What it uses of the machine.
    ///
    /// # Errors
    /// Where the system does not tell, or the process has ended.
    pub(crate) fn usage(&self) -> Result<Usage, Error> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let untold = || std::io::Error::other("the system does not tell what a process uses");
        let usage = self.processor_time().zip(resident_bytes(&status));
        let (processor, resident_bytes) = usage.ok_or_else(untold)?;
        Ok(Usage { processor, resident_bytes })
    }

    /// From the start of its process to its first readiness, the last time it was started.
    pub(crate) fn ready_ms(&self) -> u64 {
        self.ready_ms
    }

    /// What was measured, and what with.
    pub(crate) fn told(&self, outcome: Outcome) -> Outcome {
        let state = match self.storage {
            Storage::Memory => "in memory",
            Storage::Folder(_) | Storage::Passing => "in a folder",
        };
        outcome.row("ready after start, ms", self.ready_ms).row("state", state)
    }

    /// `kill -9`: no signal it could handle, nothing it could finish.
    pub(crate) fn kill(&mut self) -> Result<(), Error> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again where it was, with the state it had.
    pub(crate) async fn restart(&mut self) -> Result<(), Error> {
        self.child = spawn(&self.binary, &self.storage, [self.port, self.aws_port], self.folder.path())?;
        self.wait_until_ready().await
    }

    async fn wait_until_ready(&mut self) -> Result<(), Error> {
        let started = Instant::now();
        let ready = format!("{}/health/ready", self.url());
        let http = reqwest::Client::builder().no_proxy().build()?;
        while started.elapsed() < READY_MAX {
            if http.get(&ready).send().await.is_ok_and(|reply| reply.status().is_success()) {
                self.ready_ms = started.elapsed().as_millis() as u64;
                return Ok(());
            }
            if self.child.try_wait()?.is_some() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Error::NotReady { seconds: started.elapsed().as_secs(), log: self.keep_log()? })
    }

    /// The log, moved to where it outlives this value.
    fn keep_log(&self) -> Result<PathBuf, Error> {
        let kept = std::env::temp_dir().join(format!("penstock-bench-{}.log", std::process::id()));
        std::fs::copy(log_of(self.folder.path()), &kept)?;
        Ok(kept)
    }
}

impl Drop for Platform {
    /// Killed, not asked: what it leaves is a passing folder, or one that survives being killed.
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill and nothing to say.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(
    binary: &Path,
    storage: &Storage,
    [port, aws_port]: [u16; 2],
    folder: &Path,
) -> Result<Child, Error> {
    let log: File = OpenOptions::new().create(true).append(true).open(log_of(folder))?;
    let mut command = Command::new(binary);
    command.args(["--port", &port.to_string(), "--aws-port", &aws_port.to_string()]);
    match storage {
        Storage::Memory => command.arg("--memory"),
        Storage::Folder(data) => command.arg("--data-dir").arg(data),
        Storage::Passing => command.arg("--data-dir").arg(folder.join("state")),
    };
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    command.spawn().map_err(|cause| Error::Start { binary: binary.to_owned(), cause })
}

/// User and system time: the 14th and 15th field of `/proc/PID/stat`, in hundredths of a second. The second field is the
/// name in brackets and may hold spaces.
fn processor_time(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let ticks: u64 = after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse().unwrap_or(0)).sum();
    Some(Duration::from_millis(ticks * 10))
}

/// `VmRSS` of `/proc/PID/status`, which is in KiB. A process that has ended has none.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1_024)
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("platform.log")
}

fn free_port() -> Result<u16, Error> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_user_and_system_time() {
        let stat = "77 (pen (stock) x) S 1 77 77 0 -1 4194560 3000 0 1 0 150 25 0 0 20 0 5 0 1000 0 0";
        assert_eq!(processor_time(stat), Some(Duration::from_millis(1_750)));
    }

    #[test]
    fn memory_is_what_is_resident() {
        let status = "Name:\tpenstock\nVmPeak:\t  900 kB\nVmRSS:\t   42 kB\nThreads:\t5\n";
        assert_eq!(resident_bytes(status), Some(43_008));
        assert_eq!(resident_bytes("Name:\tpenstock\nState:\tZ (zombie)\n"), None);
    }
}

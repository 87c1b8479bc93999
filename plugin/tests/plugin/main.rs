//! The plugin in a host of the test's own.

mod host;
mod midi;
mod playing;
mod projects;
mod realtime;
#[cfg(target_os = "linux")]
mod window;

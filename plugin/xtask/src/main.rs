//! `cargo run -p wms-plugin-xtask` builds the plugin and the standalone program for release, and puts the
//! bundles in the form that the platform needs into `target/bundled/`. With the argument `plugin` it
//! builds the plugin alone.
//!
//! With other arguments it is the bundler of nice-plug: `bundle wms-plugin --profile bundle --target ...`,
//! or `bundle-universal wms-plugin --profile bundle`.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use nice_plug_xtask::{Result, bundle, chdir_workspace_root};

/// The package of the plugin.
const PLUGIN: &str = "wms-plugin";
/// The standalone program.
const PROGRAM: &str = "wms-synth";
/// The cargo profile of what is released.
const PROFILE: &str = "bundle";

/// Builds one target of the package, given by the arguments that select it.
fn build(target: &[&str]) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.args(["rustc", "-p", PLUGIN, "--profile", PROFILE]).args(target);
    if !command.status()?.success() {
        return Err(std::io::Error::other(format!(
            "{command:?} failed; see what cargo printed above"
        ))
        .into());
    }
    Ok(())
}

fn main() -> Result<()> {
    let alone = env::args().skip(1).eq(["plugin"]);
    if env::args().len() > 1 && !alone {
        return nice_plug_xtask::main();
    }
    chdir_workspace_root()?;
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let target = Path::new(&target);
    // Only the shared library is built, because cargo optimises across crates only if it does not also
    // make a Rust library.
    build(&["--lib", "--crate-type", "cdylib"])?;
    bundle(target, PLUGIN, &["--profile", PROFILE].map(str::to_owned), false)?;
    if alone {
        return Ok(());
    }
    // The program is built separately, so that the plugin does not link the audio libraries that only the
    // program needs.
    build(&["--features", "standalone", "--bin", PROGRAM])?;
    let file = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    fs::copy(target.join(PROFILE).join(&file), target.join("bundled").join(&file))?;
    eprintln!("Created the program at '{}'", target.join("bundled").join(&file).display());
    Ok(())
}

//! Arguments of `pipe image`.

use clap::{Args, Subcommand};

use super::formats::{ListFormat, ResultFormat};

/// The ways to use `image import`, most usual first.
const IMPORT_EXAMPLES: &str = "\
Examples:
  pipe image import tools.tar                      # what docker save wrote
  pipe image import ./layout --tag tools:1         # an OCI layout, as a folder or an archive
  pipe image import rootfs.tar.gz --tag debian:12  # the tar of a root file system
  pipe image import docker-daemon:ruby:3.1         # from the Docker daemon of this machine";

/// Options of `image`.
#[derive(Debug, Clone, Args)]
pub struct ImageArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ImageCommand,
}

/// What can be done with images.
#[derive(Debug, Clone, Subcommand)]
pub enum ImageCommand {
    /// List the images that are here
    Ls(ImageLsArgs),
    /// Bring images from their registries
    Pull(ImagePullArgs),
    /// Bring images from a file, a folder or the Docker daemon
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImageImportArgs),
    /// Remove images
    Rm(ImageRmArgs),
}

/// Options of `image ls`.
#[derive(Debug, Clone, Args)]
pub struct ImageLsArgs {
    /// How to show the list: table or json
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true
    )]
    pub format: ListFormat,
}

/// Options of `image pull`.
#[derive(Debug, Clone, Args)]
pub struct ImagePullArgs {
    /// Images, named as in a pipeline
    #[arg(value_name = "IMAGE", required = true)]
    pub wanted_images: Vec<String>,
    /// The platform, as in linux/arm64 [default: that of this machine]
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
    /// How to say what came: text or json
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    pub format: ResultFormat,
}

/// Options of `image import`.
#[derive(Debug, Clone, Args)]
pub struct ImageImportArgs {
    /// An archive, an OCI layout, - for standard input, or docker-daemon:IMAGE
    #[arg(value_name = "SOURCE", value_hint = clap::ValueHint::AnyPath)]
    pub image_source: String,
    /// The name that the image gets, in place of its own
    #[arg(long = "tag", value_name = "NAME")]
    pub name: Option<String>,
    /// The platform to choose, or that a root file system is made for [default: that of this machine]
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
    /// How to say what came: text or json
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    pub format: ResultFormat,
}

/// Options of `image rm`.
#[derive(Debug, Clone, Args)]
pub struct ImageRmArgs {
    /// Images, by name, id or the first digits of the id
    #[arg(value_name = "IMAGE", required_unless_present = "all")]
    pub stored_images: Vec<String>,
    /// Remove all images that no run uses
    #[arg(long, conflicts_with_all = ["stored_images", "platform"])]
    pub all: bool,
    /// Only those for this platform
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
}

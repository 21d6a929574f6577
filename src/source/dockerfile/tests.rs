use super::*;
use crate::source::text::Text;

fn image(text: &str, target: Option<&str>, arguments: &[(&str, &str)]) -> Image {
    let file = Dockerfile::read(text);
    let arguments =
        arguments.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
    file.image(file.stage(target).unwrap(), &arguments.collect())
}

#[test]
fn instructions_go_over_lines_with_comments_and_know_their_places() {
    let source = "# syntax=docker/dockerfile:1\nFROM a AS b\nrun --mount=type=cache,target=/x \\\n  # no part of it\n\n  echo 1 && \\  \n  echo 2\nCMD [\"x\"]\n";
    let file = Dockerfile::read(source);
    assert_eq!(file.faults, []);
    assert_eq!(file.syntax.as_ref().unwrap().0, "docker/dockerfile:1");
    let run = &file.instructions[1];
    assert_eq!(
        run.arguments.text.split_whitespace().collect::<Vec<_>>().join(" "),
        "echo 1 && echo 2"
    );
    assert_eq!(run.flag("mount"), Some("type=cache,target=/x"));
    let text = Text::new("Dockerfile", source);
    assert_eq!((text.line(run.span.start), text.line(run.span.end)), (3, 7));
    let second = run.arguments.text.find("echo 2").unwrap();
    assert_eq!(text.line(run.arguments.place(second)), 7);
    assert_eq!(file.stages[0].name.as_deref(), Some("b"));
}

#[test]
fn here_documents_are_only_where_buildkit_sees_them() {
    let file = Dockerfile::read(
        "FROM a\nRUN echo $((1<<2)) '<<NO' \\<<NO\nRUN <<EOF cat && <<-'END' cat\nUSER x\nEOF\n\tFROM y\n\tEND\nCOPY <<a.txt /a\nUSER z\na.txt\nRUN [\"sh\", \"-c\", \"<<X\"]\nENV A=<<B\nUSER 1\n",
    );
    assert_eq!(file.faults, []);
    let words: Vec<&str> = file.instructions.iter().map(|i| i.keyword.word()).collect();
    assert_eq!(words, ["FROM", "RUN", "RUN", "COPY", "RUN", "ENV", "USER"]);
    let two = &file.instructions[2].heredocs;
    assert_eq!((two.len(), two[0].expands, two[1].expands), (2, true, false));
}

#[test]
fn another_escape_character_continues_lines() {
    let file = Dockerfile::read("# escape=`\nFROM a\nRUN dir c:\\\nRUN one `\n  two\n");
    assert_eq!(file.instructions.len(), 3);
    assert_eq!(file.instructions[1].arguments.text, "dir c:\\");
}

#[test]
fn an_image_is_what_its_stages_add_up_to() {
    let text = "ARG V=3.12\nARG BASE=python:${V}-slim\nFROM ${BASE} AS base\nENV A=1 B=\"two words\"\nENV A=2 C=$A\nUSER app\nWORKDIR /srv\nCMD gunicorn x\nFROM base\nARG V\nWORKDIR app\nENV D=${V:-none}-${X:-y}\nENTRYPOINT [\"/e\"]\nEXPOSE 80 $PORT\n";
    let own = image(text, None, &[]);
    assert_eq!(own.base.known(), Some("python:3.12-slim"));
    assert_eq!(own.user.as_ref().unwrap().value.text, "app");
    assert_eq!(own.workdir.as_ref().unwrap().value.text, "/srv/app");
    assert_eq!((own.variable("B"), own.variable("C")), (Some("two words"), Some("1")));
    assert_eq!(own.variable("D"), Some("3.12-y"));
    assert_eq!(own.words(), ["/e"], "ENTRYPOINT takes the inherited CMD away");
    assert_eq!(own.ports[1].value.unknown, ["PORT"]);
    assert_eq!(own.stages, [0, 1]);
    assert_eq!(image(text, Some("BASE"), &[]).words(), ["gunicorn", "x"]);
    let given = image(text, None, &[("V", "3.9")]);
    assert_eq!(given.base.known(), Some("python:3.9-slim"));
    assert_eq!(given.variable("D"), Some("3.9-y"));
}

#[test]
fn what_is_wrong_is_said_and_the_rest_is_read() {
    let file = Dockerfile::read("RUN x\nFROM a\nFORM b\nRUN <<E\nnot ended\n");
    let said: Vec<&str> = file.faults.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(
        said,
        ["unknown instruction: FORM", "here-document E is not ended", "RUN stands before FROM"]
    );
    assert!(!Dockerfile::read("").faults.is_empty());
}

#[test]
fn nothing_makes_it_panic() {
    for text in [
        "FROM",
        "FROM a as",
        "\\",
        "RUN \\",
        "FROM é\nRUN é\\\n",
        "ENV",
        "ENV A",
        "RUN <<",
        "FROM a\nCMD [",
        "FROM ${A",
        "\u{feff}FROM a",
        "HEALTHCHECK",
        "FROM a\nEXPOSE ${}\nUSER $\n",
    ] {
        let file = Dockerfile::read(text);
        for stage in 0..file.stages.len() {
            let _ = file.image(stage, &Arguments::new()).words();
        }
    }
}

/// BuildKit takes blanks after `<<` since May 2025.
#[test]
fn blanks_before_the_name_of_a_here_document_belong_to_it() {
    let text = "FROM a\nRUN cat > /x << 'EOF'\nUSER x\nEOF\nRUN <<  END > /y\nUSER y\nEND\nRUN echo << \nUSER z\n";
    let file = Dockerfile::read(text);
    assert_eq!(file.faults, []);
    let users = file.instructions.iter().filter(|own| own.keyword == Keyword::User);
    assert_eq!(users.map(|own| own.arguments.text.as_str()).collect::<Vec<_>>(), ["z"]);
    assert_eq!(file.instructions[1].heredocs[0].name, "EOF");
    assert!(!file.instructions[1].heredocs[0].expands);
}

#[test]
fn stages_without_end_are_a_fault() {
    let file = Dockerfile::read(&"FROM a\nRUN x\n".repeat(30_000));
    assert_eq!(file.stages.len(), 500);
    assert_eq!(file.faults.len(), 1);
}

#[test]
fn variables_that_double_have_an_end() {
    let mut text = "ARG A0=x\n".to_owned();
    for line in 0..40 {
        text.push_str(&format!("ARG A{}=$A{line}$A{line}\n", line + 1));
    }
    text.push_str("FROM python:$A40\n");
    assert!(image(&text, None, &[]).base.text.len() <= 1 << 20);
}

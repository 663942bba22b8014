import Foundation
import FrameEngine
import ImagingWorkflow

/// The guided workflow's side towards a person, or towards whatever reads standard output and writes standard input.
struct WorkflowDialogue: JourneyDialogue {
    let console: Console
    let isJSON: Bool
    private let reader = PromptReader()
    private let progress: WorkflowProgress

    init(console: Console, isJSON: Bool) {
        self.console = console
        self.isJSON = isJSON
        progress = WorkflowProgress(console: console)
    }

    func tell(_ event: JourneyEvent) {
        if case .progress(let step) = event {
            progress.show(step)
            return
        }
        progress.end()
        if case .notUnderstood(let question) = event {
            console.message("That is not \(question.subject).")
            return
        }
        if isJSON {
            for line in WorkflowEventLine.lines(of: event) { console.json(line) }
            return
        }
        for line in WorkflowText.lines(of: event) { console.result(line) }
    }

    func ask(_ question: JourneyQuestion) async throws -> String {
        progress.end()
        let text = WorkflowText.question(question)
        // With --json nothing but JSON goes to standard output.
        if isJSON { console.message(text) } else { console.result(bytes: Array("\(text) ".utf8)) }
        let answer: String?
        do {
            answer = try await reader.line()
        } catch {
            // What comes next must not stand behind the question.
            if !isJSON { console.result("") }
            throw error
        }
        guard let line = answer else {
            if !isJSON { console.result("") }
            throw JourneyError(
                .noAnswer,
                "the input ended where an answer was expected (\(question.subject)); "
                    + "\(WorkflowText.option(answering: question)) answers ahead")
        }
        return Console.oneLine(line)
    }
}

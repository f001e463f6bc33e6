import type { RunnableCommand } from '../command';
import { error } from './error';
import { refresh } from './refresh';

/** The questions that a study answers: a row each. The first is asked where none is named. */
const questions: Readonly<Record<string, RunnableCommand>> = { error, refresh };

/** `floragrad study [QUESTION]` */
export const study: RunnableCommand = {
  name: 'study',
  summary: 'measure the error of gradient projections against theory, or ask what refreshing does',
  run([first, ...rest], io) {
    const question = first !== undefined && Object.hasOwn(questions, first) ? questions[first] : undefined;
    return question ? question.run(rest, io) : error.run(first === undefined ? [] : [first, ...rest], io);
  },
};

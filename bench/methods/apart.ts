/** Works that are found beside these methods, and why none of them is a row. */
const apart: readonly { readonly name: string; readonly why: string }[] = [
  {
    name: 'Aggregating Low Rank Adapters in Federated Fine-Tuning',
    why: 'how a server puts together the adapters that several clients have trained: a federated system, which an engine in one process is not',
  },
  {
    name: 'ME-Switch',
    why: 'how one machine serves several fine-tuned models and switches between them, after all training is done',
  },
  {
    name: 'AutoLoRA (AutoGuidance)',
    why: 'guidance of the sampling of images, by a diffusion model with an adapter and without it; there is no diffusion model here',
  },
  {
    name: 'Keeping Yourself is Important in Downstream Tuning Multimodal LLM',
    why: 'a survey and benchmark of tuning models of text and images, which orders the methods of others',
  },
  { name: 'A Survey on LoRA of LLMs', why: 'a survey, whose own content is an order of the methods of others' },
  {
    name: 'Minimally Invasive Morphology Adaptation',
    why: "a comparison of known ways to tune few parameters of a robot's policy to another body, by reinforcement learning",
  },
];

/** Works of the family that define no algorithm for an engine like this one. */
export function apartSection(): string[] {
  return [
    'Works of the same family that define no algorithm for an engine of tensors and gradients, so that none of them has a row. Of the last',
    'one the abstract was read, of the others the title alone.',
    '',
    ...apart.map(({ name, why }) => `- **${name}**: ${why}.`),
  ];
}

"""SHA-256 of the model files that come with livevision; made by scripts/digests.py.

SHA256SUMS beside the models guards against damage alone: whoever changes a model can change that
file, too. These are part of the code. They protect a folder of models that others can write to;
they are no protection against whoever can change the code.
"""

DIGESTS = {
    "digits/knn.npz": ("ea054cb7ce869bf3d8d91cf6190661ce5bd2f035c334871d2f5a38862cb61109"),
    "digits/svm.npz": ("17ff5d2e3281bfdff726efec189e67a1ec94c1e05398ddfa9f3b7ec583bbab1d"),
    "leaves/examples.npz": ("d2c84ca092eb8944d2ffa851bab1abb39846a930d771d7bef2874993917b8c8d"),
    "leaves/leaves.npz": ("9142e51f1e19b1d4d6422ab82ee48bd023309a6890f68f408f8a478f4e7c4369"),
    "notes/classic.npz": ("861a5286f740d69a19228e9b5b22ecf7e1598191b85c919b6b132802c12ed794"),
    "notes/staff.tflite": ("2464adfdd011cbc55b308a67db6358804b9858ed24a3f2fd786109bf32ad31c7"),
    "notes/weights.npz": ("98aeb62bcbbdcb76191470780bf7fc5a38d40e2104b8587b1f5037d8c6f7d9ce"),
    "signs/cnn28.keras": ("0b58774b9e1741c77fd7b95b26ed720d2357c5d2f2693f04a9d76fdf9822fc92"),
    "signs/cnn28.tflite": ("02e88dfcca23e660a34a6284fd8269c165a48fd52b59caf38ac6baf5d7f16a97"),
    "signs/fused.tflite": ("f5f83d4785f521721b4341b859f3381a3f0174b1ee5ffbc139f062163fde6c39"),
    "signs/landmarks.keras": ("41ebbce854f702a51f6e74aa4de3707d28dc98f68ad01d08080d8903ff88fbe0"),
    "signs/landmarks.tflite": ("7a148efe6108cc6369f6d4b9eb1c9cf2add084be1c579b87fa4b99b301f11fce"),
}
